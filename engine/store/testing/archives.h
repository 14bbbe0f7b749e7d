// Archives for tests, sound ones and others, and the files of small networks.
#ifndef BARYON_ENGINE_STORE_TESTING_ARCHIVES_H_
#define BARYON_ENGINE_STORE_TESTING_ARCHIVES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace baryon::store {

struct TestMember {
  std::string name;
  std::string contents = {};
  uint32_t mode = 0100644;  // of Unix, with the kind of file
  std::string link = {};    // what a symbolic link leads to
  std::string hard_link = {};
};

// Writes a zip (deflated) or a gzipped tar of these members; returns `path`.
std::string WriteZip(const std::string& path, const std::vector<TestMember>& members);
std::string WriteTarGz(const std::string& path, const std::vector<TestMember>& members);

// How the arrays of a parameter file are called.
enum class ParamNames { kExport, kSaveParameters, kSaveParams };

// Writes parameters of the zoo's network `architecture`, seeded, under such names.
void WriteZooParams(const std::string& path, const std::string& architecture, ParamNames names, int64_t classes = 1000);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_TESTING_ARCHIVES_H_
