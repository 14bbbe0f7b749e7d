#include "engine/store/testing/archives.h"

#include <archive.h>
#include <archive_entry.h>
#include <zip.h>

#include "engine/base/check.h"
#include "engine/io/params_file.h"
#include "engine/zoo/zoo.h"

namespace baryon::store {

std::string WriteZip(const std::string& path, const std::vector<TestMember>& members) {
  int error = 0;
  zip_t* const zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  BARYON_CHECK(zip != nullptr);
  for (const TestMember& member : members) {
    const std::string& bytes = member.link.empty() ? member.contents : member.link;
    zip_source_t* const source = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
    const zip_int64_t place = zip_file_add(zip, member.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    BARYON_CHECK(place >= 0);
    constexpr int kModeShift = 16;
    zip_file_set_external_attributes(zip, place, 0, ZIP_OPSYS_UNIX, member.mode << kModeShift);
  }
  BARYON_CHECK(zip_close(zip) == 0);
  return path;
}

std::string WriteTarGz(const std::string& path, const std::vector<TestMember>& members) {
  archive* const tar = archive_write_new();
  archive_write_add_filter_gzip(tar);
  archive_write_set_format_pax_restricted(tar);
  BARYON_CHECK(archive_write_open_filename(tar, path.c_str()) == ARCHIVE_OK);
  for (const TestMember& member : members) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.name.c_str());
    archive_entry_set_mode(entry, member.mode);
    archive_entry_set_size(entry, static_cast<la_int64_t>(member.contents.size()));
    if (!member.link.empty()) archive_entry_set_symlink(entry, member.link.c_str());
    if (!member.hard_link.empty()) archive_entry_set_hardlink(entry, member.hard_link.c_str());
    BARYON_CHECK(archive_write_header(tar, entry) == ARCHIVE_OK);
    archive_write_data(tar, member.contents.data(), member.contents.size());
    archive_entry_free(entry);
  }
  BARYON_CHECK(archive_write_close(tar) == ARCHIVE_OK);
  archive_write_free(tar);
  return path;
}

void WriteZooParams(const std::string& path, const std::string& architecture, ParamNames names, int64_t classes) {
  const auto network = zoo::MakeNetwork(architecture, classes);
  BARYON_CHECK(network.ok());
  NamedTensors tensors;
  for (const zoo::Parameter& parameter : network->parameters) {
    std::string name = parameter.structure;
    if (names == ParamNames::kExport) name = (parameter.is_state ? "aux:" : "arg:") + parameter.name;
    if (names == ParamNames::kSaveParams) name = parameter.name.substr(parameter.name.find('_') + 1);
    tensors.emplace_back(name, zoo::StartValue(*network, parameter, /*seed=*/7));
  }
  BARYON_CHECK(WriteParamsFile(path, tensors).ok());
}

}  // namespace baryon::store
