/* W4: five-point heat stencil between two buffers. The steps are linear, so nothing is kept; the adjoint is the same stencil
   read with a rim of zeros (gather form), and each step's share of the rim goes straight into the gradient. */
#include <string.h>

#include "convention.h"

static void step(int64_t n, int64_t m, const double *restrict u, double *restrict v)
{
    for (int64_t i = 1; i < n - 1; i++)
        for (int64_t j = 1; j < m - 1; j++) {
            const double *c = u + i * m + j;
            v[i * m + j] = c[0] + 0.2 * (c[-m] + c[m] + c[-1] + c[1] - 4.0 * c[0]);
        }
}

/* The buffer that holds the grid after all steps. */
static double *integrate(int64_t n, int64_t m, int64_t steps, const double *u0, double *u, double *v)
{
    memcpy(u, u0, (size_t)(n * m) * sizeof(double));
    memcpy(v, u0, (size_t)(n * m) * sizeof(double));
    for (int64_t t = 0; t < steps; t++) {
        step(n, m, u, v);
        double *swap = u;
        u = v;
        v = swap;
    }
    return u;
}

static double sum_of_squares(int64_t size, const double *u)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += u[i] * u[i];
    return total;
}

int heat_primal(const ssad_f64_2d *u0, int64_t steps, double *value)
{
    const int64_t n = u0->shape[0], m = u0->shape[1];
    double *work = workspace(2 * n * m);
    if (n * m > 0 && !work)
        return OUT_OF_MEMORY;
    *value = sum_of_squares(n * m, integrate(n, m, steps, u0->data, work, work + n * m));
    return OK;
}

/* What the rim receives from the cotangent v_bar of one step's result. */
static void add_rim(int64_t n, int64_t m, const double *restrict v_bar, double *restrict rim_bar)
{
    for (int64_t j = 1; j < m - 1; j++)
        rim_bar[j] += 0.2 * v_bar[m + j];
    for (int64_t i = 1; i < n - 1; i++) {
        rim_bar[i * m] += 0.2 * v_bar[i * m + 1];
        rim_bar[i * m + m - 1] += 0.2 * v_bar[i * m + m - 2];
    }
    for (int64_t j = 1; j < m - 1; j++)
        rim_bar[(n - 1) * m + j] += 0.2 * v_bar[(n - 2) * m + j];
}

int heat_value_and_gradient(const ssad_f64_2d *u0, int64_t steps, double *value, ssad_f64_2d *u0_bar)
{
    const int64_t n = u0->shape[0], m = u0->shape[1];
    double *work = workspace(2 * n * m), *result = u0_bar->data;
    if (n * m > 0 && !work)
        return OUT_OF_MEMORY;
    const double *u = integrate(n, m, steps, u0->data, work, work + n * m);
    *value = sum_of_squares(n * m, u);
    for (int64_t i = 0; i < n * m; i++)
        result[i] = 2.0 * u[i];
    if (n < 3 || m < 3 || steps == 0)
        return OK;

    double *v_bar = work, *u_bar = work + n * m;
    memset(work, 0, (size_t)(2 * n * m) * sizeof(double));
    for (int64_t i = 1; i < n - 1; i++)
        memcpy(v_bar + i * m + 1, result + i * m + 1, (size_t)(m - 2) * sizeof(double));
    for (int64_t t = 0; t < steps; t++) {
        add_rim(n, m, v_bar, result);
        step(n, m, v_bar, u_bar);
        double *swap = u_bar;
        u_bar = v_bar;
        v_bar = swap;
    }
    for (int64_t i = 1; i < n - 1; i++)
        memcpy(result + i * m + 1, v_bar + i * m + 1, (size_t)(m - 2) * sizeof(double));
    return OK;
}
