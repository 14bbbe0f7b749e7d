// One try is one transfer of libcurl, run by hand through its multi interface: so silence, slowness, the time limit and
// the caller's wish to stop are looked at every tenth of a second, whatever the library is waiting for.
#include "engine/store/fetch.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/json.h"
#include "engine/store/address.h"

namespace baryon::store {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(100);
constexpr int64_t kMostRecordBytes = 1 << 16;

// Since some moment; does not jump when somebody sets the clock.
absl::Duration Elapsed() { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }

// --- Where bytes go

// What the server said of the contents that a sink has begun to take.
struct Contents {
  std::string name;   // strong ETag, else the date; empty: they cannot be asked for again
  int64_t total = 0;  // bytes; 0: unknown
};

// One thread.
class Sink {
 public:
  virtual ~Sink() = default;
  int64_t have() const { return have_; }  // bytes
  const Contents& contents() const { return contents_; }

  // Drops what there is; bytes of `contents` follow.
  virtual absl::Status Restart(const Contents& contents) = 0;
  virtual absl::Status Append(absl::string_view bytes) = 0;

 protected:
  int64_t have_ = 0;
  Contents contents_;
};

class MemorySink : public Sink {
 public:
  absl::Status Restart(const Contents& contents) override {
    contents_ = contents;
    have_ = 0;
    bytes_.clear();
    return absl::OkStatus();
  }
  absl::Status Append(absl::string_view bytes) override {
    bytes_.append(bytes.data(), bytes.size());
    have_ = static_cast<int64_t>(bytes_.size());
    return absl::OkStatus();
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

std::string RecordPath(const std::string& path) { return path + ".json"; }

// A file, and a record beside it of what its bytes are the beginning of.
class FileSink : public Sink {
 public:
  static absl::StatusOr<std::unique_ptr<FileSink>> Open(const std::string& address, const std::string& path) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0) return ErrnoToStatus(errno, "cannot write", path);
    std::unique_ptr<FileSink> sink(new FileSink(WithoutSecrets(address), path, descriptor));
    sink->GoOn();
    return sink;
  }
  ~FileSink() override { close(descriptor_); }

  // The record goes first and comes back last: bytes without one, or with one of other bytes, are never gone on with.
  absl::Status Restart(const Contents& contents) override {
    unlink(RecordPath(path_).c_str());
    contents_ = contents;
    have_ = 0;
    if (ftruncate(descriptor_, 0) != 0) return ErrnoToStatus(errno, "cannot write", path_);
    if (contents.name.empty()) return absl::OkStatus();
    const Json record = {{"address", address_}, {"name", contents.name}, {"total", contents.total}};
    return WriteFileAtomically(RecordPath(path_), record.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  absl::Status Append(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = pwrite(descriptor_, bytes.data(), bytes.size(), have_);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return ErrnoToStatus(errno, "cannot write", path_);
      bytes.remove_prefix(count);
      have_ += count;
    }
    return absl::OkStatus();
  }

 private:
  FileSink(std::string address, std::string path, int descriptor)
      : address_(std::move(address)), path_(std::move(path)), descriptor_(descriptor) {}

  // Takes up what an earlier call has left, when the record says what it is.
  void GoOn() {
    const absl::StatusOr<std::string> text = ReadFile(RecordPath(path_), kMostRecordBytes);
    const absl::StatusOr<Json> record = text.ok() ? ParseJson(*text) : absl::StatusOr<Json>(text.status());
    struct stat info;
    if (!record.ok() || fstat(descriptor_, &info) != 0) return;
    const bool sound = record->is_object() && record->value("address", Json()) == address_ &&
                       record->value("name", Json()).is_string() && record->value("total", Json()).is_number_integer();
    if (!sound) return;
    contents_ = {(*record)["name"].get<std::string>(), (*record)["total"].get<int64_t>()};
    have_ = info.st_size;
  }

  const std::string address_, path_;
  const int descriptor_;
};

// --- One try

enum class Next {
  kStop,   // that is the outcome
  kAgain,  // another try may do, going on from here
  kAnew,   // another try may do, from the start
};

struct Outcome {
  absl::Status status;
  Next next = Next::kStop;
};

class Transfer {
 public:
  // All are borrowed.
  Transfer(const std::string& address, const FetchOptions& options, absl::Duration end, Sink& sink)
      : address_(address), options_(options), end_(end), sink_(sink) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // `anew`: does not ask to go on.
  Outcome Run(bool anew) {
    if (!SetUp(anew)) return {absl::ResourceExhaustedError("no memory for a transfer")};
    const absl::StatusOr<CURLcode> code = Perform();
    if (!stopped_.status.ok()) return stopped_;
    if (!code.ok()) return {code.status()};
    if (*code == CURLE_OK && !begun_) {
      begun_ = true;
      if (!Begin()) return stopped_;  // no bytes at all
    }
    return Conclude(*code);
  }

 private:
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  bool SetUp(bool anew);
  absl::StatusOr<CURLcode> Perform();
  bool Begin();
  size_t Take(const char* bytes, size_t count);
  bool LooksAlive();
  Outcome Conclude(CURLcode code) const;
  Outcome OfHttpCode() const;

  long HttpCode() const {  // NOLINT: libcurl's type
    long code = 0;         // NOLINT
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
    return code;
  }
  // Of the last answer.
  std::string Header(const char* name) const {
    curl_header* header = nullptr;
    const CURLHcode code = curl_easy_header(easy_.get(), name, 0, CURLH_HEADER, -1, &header);
    return code == CURLHE_OK ? header->value : "";
  }
  Contents NewContents() const;
  bool GoesOn() const;
  bool Stop(const absl::Status& status, Next next = Next::kStop) {
    stopped_ = {status, next};
    return false;
  }
  absl::Status Error(absl::StatusCode code, absl::string_view text) const {
    return absl::Status(code, absl::StrCat(WithoutSecrets(address_), ": ", text));
  }
  // "1000 of 2000 bytes".
  std::string Amount() const {
    const int64_t total = sink_.contents().total;
    return absl::StrCat(sink_.have(), total > 0 ? absl::StrCat(" of ", total) : "", " bytes");
  }

  static size_t OnBytes(char* bytes, size_t size, size_t count, void* transfer) {
    return static_cast<Transfer*>(transfer)->Take(bytes, size * count);
  }

  const std::string& address_;
  const FetchOptions& options_;
  const absl::Duration end_;
  Sink& sink_;
  std::unique_ptr<CURLM, FreeMulti> multi_;  // outlives `easy_`
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  char message_[CURL_ERROR_SIZE] = "";
  int64_t asked_from_ = 0;  // byte
  bool begun_ = false, ignored_ = false;
  Outcome stopped_;
  absl::Duration stretch_begin_ = Elapsed(), last_progress_ = absl::ZeroDuration();
  int64_t stretch_bytes_ = 0;
};

// As OpenSSL and the programs that use it say where certificates are.
std::string TrustedCertificates(const FetchOptions& options) {
  if (!options.trusted_certificates.empty()) return options.trusted_certificates;
  const char* const file = std::getenv("SSL_CERT_FILE");
  return file == nullptr ? "" : file;
}

bool Transfer::SetUp(bool anew) {
  static const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kInitialised != CURLE_OK) return false;
  multi_.reset(curl_multi_init());
  easy_.reset(curl_easy_init());
  if (multi_ == nullptr || easy_ == nullptr) return false;
  CURL* const easy = easy_.get();
  const bool https = absl::StartsWithIgnoreCase(address_, "https:");
  curl_easy_setopt(easy, CURLOPT_URL, address_.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,file");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, https ? "https" : "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(options_.max_redirects));  // NOLINT
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(options_.connect_timeout)));  // NOLINT
  if (const std::string trusted = TrustedCertificates(options_); !trusted.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, trusted.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "baryon");
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message_);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBytes);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  const Contents& contents = sink_.contents();
  if (!anew && sink_.have() > 0 && !contents.name.empty()) {
    asked_from_ = sink_.have();
    curl_easy_setopt(easy, CURLOPT_RANGE, absl::StrCat(asked_from_, "-").c_str());
    headers_.reset(curl_slist_append(nullptr, absl::StrCat("If-Range: ", contents.name).c_str()));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  }
  return true;
}

// The library's verdict; an error when `stopped_` has the reason.
absl::StatusOr<CURLcode> Transfer::Perform() {
  curl_multi_add_handle(multi_.get(), easy_.get());
  absl::StatusOr<CURLcode> result = absl::InternalError("the transfer was stopped");
  int running = 1;
  while (running > 0 && LooksAlive()) {
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) break;
    if (running > 0) curl_multi_poll(multi_.get(), nullptr, 0, absl::ToInt64Milliseconds(kLook), nullptr);
  }
  int left = 0;
  if (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left); message != nullptr) {
    result = message->data.result;
  }
  curl_multi_remove_handle(multi_.get(), easy_.get());
  return result;
}

// False when it goes on for too long, too slowly, or against the caller's will.
bool Transfer::LooksAlive() {
  const absl::Duration now = Elapsed();
  if (now > end_) return Stop(Error(absl::StatusCode::kDeadlineExceeded, absl::StrCat("time is up at ", Amount())));
  if (now - stretch_begin_ > options_.patience) {
    const double expected =
        absl::ToDoubleSeconds(options_.patience) * static_cast<double>(options_.min_bytes_per_second);
    const int64_t got = std::exchange(stretch_bytes_, 0);
    stretch_begin_ = now;
    if (static_cast<double>(got) < expected) {
      return Stop(Error(absl::StatusCode::kDeadlineExceeded,
                        absl::StrCat("expected ", options_.min_bytes_per_second, " bytes a second, got ", got,
                                     " bytes in ", absl::FormatDuration(options_.patience), ", at ", Amount())),
                  Next::kAgain);
    }
  }
  if (options_.progress == nullptr || now - last_progress_ < kLook) return true;
  last_progress_ = now;
  const absl::Status status = options_.progress(sink_.have(), sink_.contents().total);
  return status.ok() || Stop(status);
}

Contents Transfer::NewContents() const {
  Contents contents;
  curl_off_t length = -1;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  contents.total = std::max<int64_t>(length, 0);
  contents.name = Header("ETag");
  // A weak tag promises the same meaning, not the same bytes.
  if (contents.name.empty() || absl::StartsWith(contents.name, "W/")) contents.name = Header("Last-Modified");
  return contents;
}

// Whether the answer is what follows the bytes that are there.
bool Transfer::GoesOn() const {
  const std::string range = Header("Content-Range");
  int64_t from = -1;
  const std::vector<std::string> parts = absl::StrSplit(range, absl::ByAnyChar(" -/"));
  if (parts.size() < 2 || parts[0] != "bytes" || !absl::SimpleAtoi(parts[1], &from)) return false;
  const std::string name = NewContents().name;
  return from == asked_from_ && (name.empty() || name == sink_.contents().name);
}

// The headers are here: decides what becomes of the body.
bool Transfer::Begin() {
  constexpr long kFile = 0, kWhole = 200, kPart = 206;  // NOLINT
  const long code = HttpCode();                         // NOLINT
  if (code != kFile && code != kWhole && code != kPart) {
    ignored_ = true;
    return true;
  }
  if (const std::string type = Header("Content-Type"); absl::StartsWithIgnoreCase(type, "text/html")) {
    return Stop(Error(absl::StatusCode::kDataLoss, absl::StrCat("expected a file, got a page of ", type)));
  }
  if (code == kPart) {
    if (asked_from_ > 0 && GoesOn()) return true;
    return Stop(Error(absl::StatusCode::kDataLoss, "the server has other contents by now"), Next::kAnew);
  }
  const Contents contents = NewContents();
  if (contents.total > options_.max_bytes) {
    return Stop(Error(absl::StatusCode::kResourceExhausted,
                      absl::StrCat("expected at most ", options_.max_bytes, " bytes, got ", contents.total)));
  }
  const absl::Status status = sink_.Restart(contents);
  return status.ok() || Stop(status);
}

size_t Transfer::Take(const char* bytes, size_t count) {
  constexpr size_t kGiveUp = 0;
  if (!std::exchange(begun_, true) && !Begin()) return kGiveUp;
  if (ignored_) return count;
  if (sink_.have() + static_cast<int64_t>(count) > options_.max_bytes) {
    Stop(Error(absl::StatusCode::kResourceExhausted, absl::StrCat("expected at most ", options_.max_bytes, " bytes")));
    return kGiveUp;
  }
  stretch_bytes_ += static_cast<int64_t>(count);
  const absl::Status status = sink_.Append(absl::string_view(bytes, count));
  if (!status.ok() && !Stop(status)) return kGiveUp;
  return count;
}

Outcome Transfer::OfHttpCode() const {
  const long code = HttpCode();  // NOLINT
  const auto outcome = [&](absl::StatusCode status, Next next = Next::kStop) {
    return Outcome{Error(status, absl::StrCat("the server answered ", code)), next};
  };
  if (code == 0 || code == 200 || code == 206) return {absl::OkStatus()};
  if (code == 404 || code == 410) return outcome(absl::StatusCode::kNotFound);
  if (code == 401 || code == 403) return outcome(absl::StatusCode::kPermissionDenied);
  if (code == 416) return outcome(absl::StatusCode::kDataLoss, Next::kAnew);
  if (code == 408 || code == 429 || code >= 500) return outcome(absl::StatusCode::kUnavailable, Next::kAgain);
  return outcome(absl::StatusCode::kUnavailable);
}

Outcome Transfer::Conclude(CURLcode code) const {
  const std::string reason = *message_ != '\0' ? message_ : curl_easy_strerror(code);
  switch (code) {
    case CURLE_OK:
      return OfHttpCode();
    case CURLE_FILE_COULDNT_READ_FILE:
      return {Error(absl::StatusCode::kNotFound, "no such file, or it cannot be read")};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {Error(absl::StatusCode::kInvalidArgument, absl::StrCat("an address that is never asked: ", reason))};
    case CURLE_TOO_MANY_REDIRECTS:
      return {Error(absl::StatusCode::kFailedPrecondition,
                    absl::StrCat("expected at most ", options_.max_redirects, " redirects, got more"))};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return {Error(absl::StatusCode::kFailedPrecondition, absl::StrCat("TLS: ", reason))};
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return {Error(absl::StatusCode::kDataLoss, absl::StrCat("the transfer ended at ", Amount(), ": ", reason)),
              Next::kAgain};
    case CURLE_OPERATION_TIMEDOUT:
      return {Error(absl::StatusCode::kDeadlineExceeded, reason), Next::kAgain};
    default:
      return {Error(absl::StatusCode::kUnavailable, reason)};
  }
}

// --- Several tries

// Waits, but not for a caller who has had enough.
absl::Status Pause(absl::Duration pause, const FetchOptions& options, const Sink& sink) {
  const absl::Duration end = Elapsed() + pause;
  for (absl::Duration rest = pause; rest > absl::ZeroDuration(); rest = end - Elapsed()) {
    absl::SleepFor(std::min(rest, kLook));
    if (options.progress == nullptr) continue;
    BARYON_RETURN_IF_ERROR(options.progress(sink.have(), sink.contents().total));
  }
  return absl::OkStatus();
}

absl::Status Fetch(const std::string& address, const FetchOptions& options, Sink& sink) {
  if (options.offline && !IsFileAddress(address)) {
    return absl::FailedPreconditionError(absl::StrCat(WithoutSecrets(address), ": not asked, because of --offline"));
  }
  const absl::Duration end = Elapsed() + options.time_limit;
  absl::Duration pause = options.first_pause;
  for (int tries = 1;; ++tries) {
    if (sink.have() > 0 && sink.have() == sink.contents().total) break;
    static constexpr bool kAnew = true;
    Outcome outcome = Transfer(address, options, end, sink).Run(!kAnew);
    if (outcome.next == Next::kAnew) outcome = Transfer(address, options, end, sink).Run(kAnew);
    if (outcome.status.ok()) break;
    if (outcome.next == Next::kStop || tries >= options.max_tries) {
      return tries == 1 ? outcome.status : Annotate(outcome.status, absl::StrCat("after ", tries, " tries"));
    }
    BARYON_RETURN_IF_ERROR(Pause(pause, options, sink));
    pause *= 2;
  }
  return options.progress == nullptr ? absl::OkStatus() : options.progress(sink.have(), sink.have());
}

// Whether another call should find what is there: not what can never do, and nothing that fills the disk.
bool IsWorthKeeping(const absl::Status& status) {
  return status.code() != absl::StatusCode::kResourceExhausted && status.code() != absl::StatusCode::kNotFound;
}

}  // namespace

absl::Status FetchFile(const std::string& address, const std::string& path, const FetchOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<FileSink> sink, FileSink::Open(address, path));
  const absl::Status status = Fetch(address, options, *sink);
  if (!status.ok() && (!IsWorthKeeping(status) || sink->have() == 0)) ForgetFetched(path);
  return status;
}

absl::StatusOr<std::string> FetchBytes(const std::string& address, int64_t max_bytes, const FetchOptions& options) {
  FetchOptions bounded = options;
  bounded.max_bytes = max_bytes;
  MemorySink sink;
  BARYON_RETURN_IF_ERROR(Fetch(address, bounded, sink));
  return sink.Take();
}

void ForgetFetched(const std::string& path) {
  unlink(RecordPath(path).c_str());
  unlink(path.c_str());
}

}  // namespace baryon::store
