/* W1: log(sum(exp(t x))). The exponentials are kept in the gradient, which needs them once more. */
#include <math.h>

#include "convention.h"

int log_sum_exp_primal(const ssad_f64_1d *x, double t, double *value)
{
    const double *restrict xs = x->data;
    const int64_t n = x->shape[0];
    double r = 0.0;
    for (int64_t i = 0; i < n; i++)
        r += exp(xs[i] * t);
    *value = log(r);
    return OK;
}

int log_sum_exp_value_and_gradient(const ssad_f64_1d *x, double t, double *value, ssad_f64_1d *x_bar)
{
    const double *restrict xs = x->data;
    double *restrict xs_bar = x_bar->data;
    const int64_t n = x->shape[0];
    double r = 0.0;
    for (int64_t i = 0; i < n; i++) {
        xs_bar[i] = exp(xs[i] * t);
        r += xs_bar[i];
    }
    *value = log(r);
    const double scale = t / r;
    for (int64_t i = 0; i < n; i++)
        xs_bar[i] *= scale;
    return OK;
}
