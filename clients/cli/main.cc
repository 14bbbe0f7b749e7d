#include "clients/cli/program.h"

int main(int argc, char** argv) { return baryon::RunProgram(argc, argv); }
