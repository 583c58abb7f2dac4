/* W9: a European call by Monte Carlo. The payoff is linear in the price and in the strike, so that three sums over
   the paths in the money have all five derivatives. */
#include <math.h>

#include "convention.h"

int black_scholes_primal(const ssad_f64_1d *normals, double spot, double strike, double rate, double volatility,
                         double maturity, double *value)
{
    const double *restrict z = normals->data;
    const int64_t n = normals->shape[0];
    const double drift = (rate - 0.5 * volatility * volatility) * maturity;
    const double spread = volatility * sqrt(maturity);
    double total = 0.0;
    for (int64_t k = 0; k < n; k++) {
        const double price = spot * exp(drift + spread * z[k]);
        if (price > strike)
            total += price - strike;
    }
    *value = exp(-rate * maturity) * total / (double)n;
    return OK;
}

int black_scholes_value_and_gradient(const ssad_f64_1d *normals, double spot, double strike, double rate,
                                     double volatility, double maturity, double *value, double *spot_bar,
                                     double *strike_bar, double *rate_bar, double *volatility_bar,
                                     double *maturity_bar)
{
    const double *restrict z = normals->data;
    const int64_t n = normals->shape[0];
    const double root = sqrt(maturity);
    const double drift = (rate - 0.5 * volatility * volatility) * maturity;
    const double spread = volatility * root;
    double total = 0.0, prices = 0.0, moved = 0.0, count = 0.0;
    for (int64_t k = 0; k < n; k++) {
        const double price = spot * exp(drift + spread * z[k]);
        if (price > strike) {
            total += price - strike;
            prices += price;
            moved += price * z[k];
            count += 1.0;
        }
    }
    const double discount = exp(-rate * maturity) / (double)n;
    *value = exp(-rate * maturity) * total / (double)n;
    const double drift_bar = discount * prices, spread_bar = discount * moved;
    *spot_bar = discount * prices / spot;
    *strike_bar = -discount * count;
    *rate_bar = drift_bar * maturity - maturity * *value;
    *volatility_bar = -drift_bar * volatility * maturity + spread_bar * root;
    *maturity_bar = drift_bar * (rate - 0.5 * volatility * volatility) + spread_bar * volatility * 0.5 / root
                    - rate * *value;
    return OK;
}
