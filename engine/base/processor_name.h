// Which processor this is.
#ifndef BARYON_ENGINE_BASE_PROCESSOR_NAME_H_
#define BARYON_ENGINE_BASE_PROCESSOR_NAME_H_

#include <string>

namespace baryon {

// The model of the first processor as the system calls it ("AMD EPYC 9R14"), "unknown" where it says nothing: what
// measured times are kept under. Reads a file.
std::string ProcessorName();

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_PROCESSOR_NAME_H_
