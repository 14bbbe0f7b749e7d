// The version of the program.
#ifndef BARYON_SERVER_VERSION_H_
#define BARYON_SERVER_VERSION_H_

namespace baryon {

constexpr char kServerVersion[] = "0.1.0";

}  // namespace baryon

#endif  // BARYON_SERVER_VERSION_H_
