#include "server/testing/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "engine/base/check.h"

namespace baryon {
namespace {

template <typename Write>
std::string ToPem(Write write) {
  const std::shared_ptr<BIO> bio(BIO_new(BIO_s_mem()), BIO_free);
  BARYON_CHECK(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, size);
}

void AddExtension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::shared_ptr<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value),
                                                  X509_EXTENSION_free);
  BARYON_CHECK(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

TestCertificate Make(const TestCertificate* ca, const std::string& name, int64_t start_days, int64_t end_days) {
  static int64_t serial = 1;
  TestCertificate made;
  made.key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  made.certificate.reset(X509_new(), X509_free);
  X509* const certificate = made.certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), serial++);
  constexpr int64_t kSecondsOfADay = 86400;
  X509_gmtime_adj(X509_getm_notBefore(certificate), start_days * kSecondsOfADay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), end_days * kSecondsOfADay);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* const issuer = ca == nullptr ? certificate : ca->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  AddExtension(certificate, issuer, NID_basic_constraints, ca == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  AddExtension(certificate, issuer, NID_subject_key_identifier, "hash");
  if (ca != nullptr) AddExtension(certificate, issuer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  BARYON_CHECK(X509_sign(certificate, (ca == nullptr ? made.key : ca->key).get(), EVP_sha256()) > 0);
  made.certificate_pem = ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  made.key_pem = ToPem(
      [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, made.key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  return made;
}

}  // namespace

TestCertificate MakeCa(const std::string& name) { return Make(nullptr, name, -1, 1); }

TestCertificate MakeCertificate(const TestCertificate& ca, const std::string& name, int64_t start_days,
                                int64_t end_days) {
  return Make(&ca, name, start_days, end_days);
}

}  // namespace baryon
