// JPEG files to pixels, the very ones that MXNet reads. MXNet 1.9 has OpenCV 3.4 inside, and that libjpeg-turbo 2.0:
// the accurate integer transform and smooth upsampling of the colours. Later versions of libjpeg-turbo, 2.1 among them,
// give the same but for 4:4:0 pictures, whose colours they round otherwise, so these are put together here.
#ifndef BARYON_ENGINE_IO_JPEG_PICTURE_H_
#define BARYON_ENGINE_IO_JPEG_PICTURE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/io/image.h"

namespace baryon {

// With 3 channels or 1, as asked; one of a picture in CMYK comes as 3. Not turned by what EXIF says of the camera.
// Errors: INVALID_ARGUMENT, broken, cut off (where MXNet leaves the rest black), too large, or of more passes than
// pictures have. Thread-safe.
absl::StatusOr<Image> DecodeJpeg(absl::string_view file, int channels);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_JPEG_PICTURE_H_
