#include "server/security/tls_keys.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

constexpr int64_t kMostBytes = 1 << 20;  // of a file

template <auto kFree>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

Bio Reader(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// The next certificate of `bio`, or nothing at its end.
Certificate NextCertificate(BIO* bio) { return Certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)); }

absl::Status Unusable(const std::string& path, absl::string_view expected) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat("\"", path, "\": expected ", expected));
}

absl::Status UseCertificate(const TlsFiles& files, const std::string& pem, SSL_CTX* context) {
  const Bio bio = Reader(pem);
  const Certificate first = NextCertificate(bio.get());
  if (first == nullptr || SSL_CTX_use_certificate(context, first.get()) != 1) {
    return Unusable(files.certificate, "a certificate in PEM");
  }
  while (const Certificate next = NextCertificate(bio.get())) SSL_CTX_add1_chain_cert(context, next.get());
  ERR_clear_error();  // the end of the file counts as one
  return absl::OkStatus();
}

absl::Status UseKey(const TlsFiles& files, const std::string& pem, SSL_CTX* context) {
  const Key key(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, nullptr, const_cast<char*>("")));
  if (key == nullptr) return Unusable(files.key, "a private key in PEM, without a passphrase");
  if (SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1) {
    return absl::OkStatus();
  }
  return Unusable(files.key, absl::StrCat("the key of the certificate in \"", files.certificate, "\", got another"));
}

absl::Status UseClientCa(const TlsFiles& files, const std::string& pem, SSL_CTX* context) {
  const Bio bio = Reader(pem);
  int count = 0;
  for (; const Certificate next = NextCertificate(bio.get()); ++count) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next.get());
    SSL_CTX_add_client_CA(context, next.get());
  }
  ERR_clear_error();
  if (count == 0) return Unusable(files.client_ca, "certificates in PEM");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<SSL_CTX>> MakeContext(const TlsFiles& files, const TlsKeys::State& pem) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return absl::ResourceExhaustedError("no memory for TLS");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");  // of TLS 1.2: as gRPC has them
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  // Without it, sessions of clients with certificates cannot be resumed.
  SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>("baryon"), 6);
  BARYON_RETURN_IF_ERROR(UseCertificate(files, pem.certificate, context.get()));
  BARYON_RETURN_IF_ERROR(UseKey(files, pem.key, context.get()));
  if (!files.client_ca.empty()) BARYON_RETURN_IF_ERROR(UseClientCa(files, pem.client_ca, context.get()));
  return context;
}

absl::StatusOr<std::shared_ptr<const TlsKeys::State>> Read(const TlsFiles& files) {
  auto state = std::make_shared<TlsKeys::State>();
  BARYON_ASSIGN_OR_RETURN(state->certificate, ReadFile(files.certificate, kMostBytes));
  BARYON_ASSIGN_OR_RETURN(state->key, ReadFile(files.key, kMostBytes));
  if (!files.client_ca.empty()) {
    BARYON_ASSIGN_OR_RETURN(state->client_ca, ReadFile(files.client_ca, kMostBytes));
  }
  BARYON_ASSIGN_OR_RETURN(state->context, MakeContext(files, *state));
  return state;
}

bool SameFiles(const TlsKeys::State& a, const TlsKeys::State& b) {
  return a.certificate == b.certificate && a.key == b.key && a.client_ca == b.client_ca;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsKeys>> TlsKeys::Open(TlsFiles files) {
  if (files.certificate.empty() || files.key.empty()) {
    return absl::InvalidArgumentError("TLS: expected a certificate and its key, got one of them or neither");
  }
  BARYON_ASSIGN_OR_RETURN(auto state, Read(files));
  return std::unique_ptr<TlsKeys>(new TlsKeys(std::move(files), std::move(state)));
}

TlsKeys::TlsKeys(TlsFiles files, std::shared_ptr<const State> state)
    : files_(std::move(files)), state_(std::move(state)) {}

std::shared_ptr<const TlsKeys::State> TlsKeys::current() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

absl::Status TlsKeys::Reload() {
  absl::StatusOr<std::shared_ptr<const State>> state = Read(files_);
  absl::MutexLock lock(&mutex_);
  if (!state.ok()) {
    if (last_error_ != state.status().message()) {
      last_error_ = std::string(state.status().message());
      LogError("TLS files cannot be used; connections go on with the ones before", {{"error", last_error_}});
    }
    return state.status();
  }
  last_error_.clear();
  if (SameFiles(**state, *state_)) return absl::OkStatus();
  state_ = *std::move(state);
  LogInfo("TLS files have changed; new connections use them", {{"certificate", files_.certificate}});
  return absl::OkStatus();
}

}  // namespace baryon
