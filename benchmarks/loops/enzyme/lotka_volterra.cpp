// W3: Runge-Kutta steps over a state that is overwritten.

static inline void velocity(const double *y, const tensor<double, 4> &p, double *k)
{
    k[0] = (p[0] - p[1] * y[1]) * y[0];
    k[1] = (p[3] * y[0] - p[2]) * y[1];
}

void f(tensor<double, 1> &out, const tensor<double, 4> &p, const tensor<double, 2> &y0, const tensor<double, 1> &step)
{
    const double h = step[0];
    double y[2], z[2], k1[2], k2[2], k3[2], k4[2];
    for (int j = 0; j < 2; j++)
        y[j] = y0[j];
    for (long s = 0; s < ARGUMENT_3; s++) {
        velocity(y, p, k1);
        for (int j = 0; j < 2; j++)
            z[j] = y[j] + 0.5 * h * k1[j];
        velocity(z, p, k2);
        for (int j = 0; j < 2; j++)
            z[j] = y[j] + 0.5 * h * k2[j];
        velocity(z, p, k3);
        for (int j = 0; j < 2; j++)
            z[j] = y[j] + h * k3[j];
        velocity(z, p, k4);
        for (int j = 0; j < 2; j++)
            y[j] += h / 6.0 * (k1[j] + 2.0 * k2[j] + 2.0 * k3[j] + k4[j]);
    }
    out[0] = y[0] + y[1];
}
