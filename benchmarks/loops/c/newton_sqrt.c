/* W2b: sum of square roots by Newton's iteration. The numbers are independent, so each is reversed at once from a short
   tape of its iterates; the branch is taken again from the iterate instead of being kept. */
#include <math.h>

#include "convention.h"

int newton_sqrt_primal(const ssad_f64_1d *numbers, double *value)
{
    const double *restrict as = numbers->data;
    const int64_t n = numbers->shape[0];
    double total = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double a = as[i];
        double x = a;
        while (fabs(x * x - a) > 1e-12 * a) {
            if (x * x > 4.0 * a)
                x = 0.5 * x;
            else
                x = 0.5 * (x + a / x);
        }
        total += x;
    }
    *value = total;
    return OK;
}

int newton_sqrt_value_and_gradient(const ssad_f64_1d *numbers, double *value, ssad_f64_1d *numbers_bar)
{
    const double *restrict as = numbers->data;
    double *restrict as_bar = numbers_bar->data;
    const int64_t n = numbers->shape[0];
    int64_t room = 256;
    double *tape = workspace(room);
    if (!tape)
        return OUT_OF_MEMORY;
    double total = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double a = as[i];
        double x = a;
        int64_t length = 0;
        while (fabs(x * x - a) > 1e-12 * a) {
            if (length == room) {
                room *= 2;
                tape = workspace(room);
                if (!tape)
                    return OUT_OF_MEMORY;
            }
            tape[length++] = x;
            if (x * x > 4.0 * a)
                x = 0.5 * x;
            else
                x = 0.5 * (x + a / x);
        }
        total += x;
        double x_bar = 1.0, a_bar = 0.0;
        while (length > 0) {
            x = tape[--length];
            x_bar *= 0.5;
            if (!(x * x > 4.0 * a)) {
                const double share = x_bar / x;
                a_bar += share;
                x_bar -= share * (a / x);
            }
        }
        as_bar[i] = a_bar + x_bar;
    }
    *value = total;
    return OK;
}
