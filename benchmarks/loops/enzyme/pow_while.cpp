// W2: a power by a while loop.
extern "C" double exp(double);
extern "C" double log(double);
extern "C" double sqrt(double);
extern "C" double fabs(double);
extern "C" void *malloc(std::size_t);
extern "C" void free(void *);
using enzyme::tensor;

void f(tensor<double, 1> &out, const tensor<double, 1> &x)
{
    long n = ARGUMENT_1;
    double r = 1.0;
    while (n > 0) {
        n -= 1;
        r *= x[0];
    }
    out[0] = r;
}
