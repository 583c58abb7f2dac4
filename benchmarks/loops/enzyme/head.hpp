// What the programs need of C, whose headers the compiler inside of enzyme-ad does not find.
extern "C" double exp(double);
extern "C" double log(double);
extern "C" double sqrt(double);
extern "C" double fabs(double);
extern "C" void *malloc(std::size_t);
extern "C" void free(void *);
using enzyme::tensor;
