#include "server/testing/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "engine/base/check.h"

namespace baryon {
namespace {

std::string LastError() {
  const std::string text = ERR_reason_error_string(ERR_peek_last_error()) == nullptr
                               ? "closed"
                               : ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return absl::StrCat("error: ", text);
}

std::shared_ptr<SSL_CTX> MakeContext(const TlsClientOptions& options) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);  // the client would talk any old version: the server decides
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  if (options.max_version != 0) SSL_CTX_set_max_proto_version(context.get(), options.max_version);
  if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context.get(), options.ciphers.c_str());
  const std::shared_ptr<BIO> bio(
      BIO_new_mem_buf(options.trusted_ca.data(), static_cast<int>(options.trusted_ca.size())), BIO_free);
  const std::shared_ptr<X509> ca(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  BARYON_CHECK(ca != nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (options.client != nullptr) {
    SSL_CTX_use_certificate(context.get(), options.client->certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), options.client->key.get());
  }
  return context;
}

}  // namespace

std::string ExchangeOverTls(int port, absl::string_view bytes, const TlsClientOptions& options) {
  const std::shared_ptr<SSL_CTX> context = MakeContext(options);
  BIO* const connection = BIO_new_ssl_connect(context.get());
  const std::shared_ptr<BIO> owner(connection, BIO_free_all);
  BIO_set_conn_hostname(connection, absl::StrCat("127.0.0.1:", port).c_str());
  if (BIO_do_connect(connection) != 1 || BIO_do_handshake(connection) != 1) return LastError();
  SSL* ssl = nullptr;
  BIO_get_ssl(connection, &ssl);
  if (options.renegotiate && (SSL_renegotiate(ssl) != 1 || SSL_do_handshake(ssl) != 1)) return LastError();
  if (BIO_write(connection, bytes.data(), static_cast<int>(bytes.size())) <= 0) return LastError();
  std::string answer;
  char block[4096];
  for (int count; (count = BIO_read(connection, block, sizeof(block))) > 0;) answer.append(block, count);
  return answer.empty() ? LastError() : answer;
}

}  // namespace baryon
