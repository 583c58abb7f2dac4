// W1: log(sum(exp(t x))).
extern "C" double exp(double);
extern "C" double log(double);
extern "C" double sqrt(double);
extern "C" double fabs(double);
extern "C" void *malloc(std::size_t);
extern "C" void free(void *);
using enzyme::tensor;

template <std::size_t N>
void f(tensor<double, 1> &out, const tensor<double, N> &x, const tensor<double, 1> &t)
{
    double r = 0.0;
    for (std::size_t i = 0; i < N; i++)
        r += exp(x[i] * t[0]);
    out[0] = log(r);
}
