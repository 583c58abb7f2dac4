// W4: five-point steps between two buffers.

template <std::size_t N, std::size_t M>
void f(tensor<double, 1> &out, const tensor<double, N, M> &u0)
{
    double *u = (double *)malloc(N * M * sizeof(double));
    double *v = (double *)malloc(N * M * sizeof(double));
    for (std::size_t i = 0; i < N; i++)
        for (std::size_t j = 0; j < M; j++)
            u[i * M + j] = v[i * M + j] = u0[i][j];
    for (long s = 0; s < ARGUMENT_1; s++) {
        for (std::size_t i = 1; i < N - 1; i++)
            for (std::size_t j = 1; j < M - 1; j++) {
                const double *at = u + i * M + j;
                v[i * M + j] = at[0] + 0.2 * (at[-(long)M] + at[M] + at[-1] + at[1] - 4.0 * at[0]);
            }
        double *w = u;
        u = v;
        v = w;
    }
    double total = 0.0;
    for (std::size_t i = 0; i < N * M; i++)
        total += u[i] * u[i];
    out[0] = total;
    free(u);
    free(v);
}
