/* W2: x**n as a while loop. The adjoint keeps every partial product, in a buffer of exact size. */
#include "convention.h"

int pow_while_primal(double x, int64_t n, double *value)
{
    double r = 1.0;
    while (n > 0) {
        n -= 1;
        r *= x;
    }
    *value = r;
    return OK;
}

int pow_while_value_and_gradient(double x, int64_t n, double *value, double *x_bar)
{
    double *restrict products = workspace(n);
    if (n > 0 && !products)
        return OUT_OF_MEMORY;
    double r = 1.0;
    for (int64_t i = 0; i < n; i++) {
        products[i] = r;
        r *= x;
    }
    double r_bar = 1.0, sum = 0.0;
    for (int64_t i = n - 1; i >= 0; i--) {
        sum += r_bar * products[i];
        r_bar *= x;
    }
    *value = r;
    *x_bar = sum;
    return OK;
}
