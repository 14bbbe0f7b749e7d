// Addresses of the zoo: where a store, an index or a file is. http, https and file; nothing else is ever asked.
#ifndef BARYON_ENGINE_STORE_ADDRESS_H_
#define BARYON_ENGINE_STORE_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baryon::store {

// What MXNet 1.x asks when nobody says otherwise.
constexpr char kPublicStore[] = "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/";

// The address that `text` means: an http, https or file address as it stands; else a path of this machine as a file
// address. Errors: INVALID_ARGUMENT, another scheme, or no address at all.
absl::StatusOr<std::string> ParseAddress(absl::string_view text);

// `address` as a folder: with a '/' at its end.
std::string AsFolder(absl::string_view address);

// The address of `path` ("gluon/models/x.zip") below the folder `base`; parameters of the base stay behind. `path` is
// escaped as needed. Errors: INVALID_ARGUMENT, the base is no address.
absl::StatusOr<std::string> Below(const std::string& base, const std::string& path);

// The last part of the path: "x.zip".
std::string FileNameOf(const std::string& address);

// True for file addresses: those that need no network.
bool IsFileAddress(absl::string_view address);

// For messages and records: `address` without user, password, parameters and fragment.
std::string WithoutSecrets(const std::string& address);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_ADDRESS_H_
