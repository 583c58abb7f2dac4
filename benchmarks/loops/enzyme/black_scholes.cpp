// W9: a European call by Monte Carlo.

template <std::size_t N>
void f(tensor<double, 1> &out, const tensor<double, N> &normals, const tensor<double, 1> &spot,
       const tensor<double, 1> &strike, const tensor<double, 1> &rate, const tensor<double, 1> &volatility,
       const tensor<double, 1> &maturity)
{
    const double drift = (rate[0] - 0.5 * volatility[0] * volatility[0]) * maturity[0];
    const double spread = volatility[0] * sqrt(maturity[0]);
    double total = 0.0;
    for (std::size_t k = 0; k < N; k++) {
        const double price = spot[0] * exp(drift + spread * normals[k]);
        if (price > strike[0])
            total += price - strike[0];
    }
    out[0] = exp(-rate[0] * maturity[0]) * total / N;
}
