// The page for people at "/": what is loaded, how it is doing, and a place to try it.
#ifndef BARYON_SERVER_PAGE_PAGE_H_
#define BARYON_SERVER_PAGE_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/http/http_message.h"

namespace baryon {

// A file of the page, part of the program.
struct PageFile {
  absl::string_view name;  // "page.css" is served at "/page.css"; "" is the page itself
  absl::string_view content_type;
  absl::string_view text;
};
absl::Span<const PageFile> PageFiles();

// `file` with headers that let the page load its own files and ask this server, and nothing else.
HttpResponse AnswerWith(const PageFile& file);

}  // namespace baryon

#endif  // BARYON_SERVER_PAGE_PAGE_H_
