// PNG files to pixels.
#ifndef BARYON_ENGINE_IO_PNG_PICTURE_H_
#define BARYON_ENGINE_IO_PNG_PICTURE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/io/image.h"

namespace baryon {

// With 3 channels or 1, as the file has them: transparency is dropped, 16 bits are cut to 8. Errors: INVALID_ARGUMENT,
// broken or too large. Thread-safe.
absl::StatusOr<Image> DecodePng(absl::string_view file);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_PNG_PICTURE_H_
