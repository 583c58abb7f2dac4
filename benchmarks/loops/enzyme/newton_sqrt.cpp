// W2b: the sum of square roots by Newton's iteration.

template <std::size_t N>
void f(tensor<double, 1> &out, const tensor<double, N> &numbers)
{
    double total = 0.0;
    for (std::size_t i = 0; i < N; i++) {
        const double a = numbers[i];
        double x = a;
        while (fabs(x * x - a) > 1e-12 * a)
            x = x * x > 4.0 * a ? 0.5 * x : 0.5 * (x + a / x);
        total += x;
    }
    out[0] = total;
}
