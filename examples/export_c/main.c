/* Calls a function, its gradient and both at once, as exported by ssad from logsumexp.py. No Python is involved. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "liblogsumexp.h"

enum { N = 5 };

int main(void)
{
    double x[N] = {-1.0, -0.5, 0.0, 0.5, 1.0}, x_bar[N], value, value_again, t = 3.0, t_bar;
    const ssad_f64_1d x_array = {.data = x, .shape = {N}, .strides = {1}};
    ssad_f64_1d x_bar_array = {.data = x_bar, .shape = {N}, .strides = {1}};

    int status = logsumexp_primal(&x_array, t, &value);
    if (status == 0)
        status = logsumexp_value_and_gradient(&x_array, t, &value_again, &x_bar_array, &t_bar);
    if (status != 0) {
        fprintf(stderr, "error %d: %s\n", status, ssad_logsumexp_error(status));
        return 1;
    }
    printf("value %.6f\n", value);
    printf("d/dt  %.6f\n", t_bar);

    /* By hand: softmax weights. */
    double sum = 0.0, t_bar_by_hand = 0.0, error = fabs(value - value_again);
    for (int i = 0; i < N; i++)
        sum += exp(t * x[i]);
    for (int i = 0; i < N; i++) {
        double weight = exp(t * x[i]) / sum;
        t_bar_by_hand += weight * x[i];
        printf("d/dx[%d] %.6f\n", i, x_bar[i]);
        error = fmax(error, fabs(x_bar[i] - t * weight));
    }
    error = fmax(error, fabs(t_bar - t_bar_by_hand));

    /* The gradient alone, of every second element, backwards: strides count elements. */
    const ssad_f64_1d odd = {.data = x + 4, .shape = {3}, .strides = {-2}};
    ssad_f64_1d odd_bar = {.data = x_bar, .shape = {3}, .strides = {1}};
    status = logsumexp_gradient(&odd, t, &odd_bar, &t_bar);
    error = fmax(error, fabs(x_bar[0] + x_bar[1] + x_bar[2] - t));

    /* math.log(0.0) is an exception in Python and an error status here. */
    const ssad_f64_1d empty = {.data = x, .shape = {0}, .strides = {1}};
    int empty_status = logsumexp_primal(&empty, t, &value);
    printf("empty array: %s\n", ssad_logsumexp_error(empty_status));

    if (status != 0 || empty_status == 0 || !(error < 1e-12)) {
        fprintf(stderr, "wrong: status %d, %d, largest difference %g\n", status, empty_status, error);
        return 1;
    }
    return 0;
}
