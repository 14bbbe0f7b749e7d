// Archives that models come in: zip (also called .mar) and tar, plain or gzipped (model.tar.gz).
#ifndef BARYON_ENGINE_STORE_ARCHIVE_H_
#define BARYON_ENGINE_STORE_ARCHIVE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/store/member_rules.h"

namespace baryon::store {

// The members of the archive `path`, told by its first bytes. Everything about it is looked at but the bytes of the
// members: MemberRules; files and folders alone, no links, devices or setuid bits; for a zip, that its parts agree with
// one another, nothing is encrypted and nothing follows its end. Errors, naming the archive and the member:
// INVALID_ARGUMENT, no archive, or a member of a kind that is refused; UNIMPLEMENTED, encryption and other ways of
// packing; DATA_LOSS, damaged; RESOURCE_EXHAUSTED; those of reading.
absl::StatusOr<std::vector<ArchiveMember>> ListArchive(const std::string& path, const ArchiveLimits& limits = {});

// ListArchive, and only when all of it will do the files, into the empty folder `folder`; they have reached the disk.
// Their mode and owner are those of any new file. Errors: as ListArchive; DATA_LOSS, a checksum; those of writing. What
// has been written by then is the caller's to remove.
absl::StatusOr<std::vector<ArchiveMember>> ExtractArchive(const std::string& path, const std::string& folder,
                                                          const ArchiveLimits& limits = {});

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_ARCHIVE_H_
