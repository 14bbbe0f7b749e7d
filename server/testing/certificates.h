// Certificates that tests make for themselves.
#ifndef BARYON_SERVER_TESTING_CERTIFICATES_H_
#define BARYON_SERVER_TESTING_CERTIFICATES_H_

#include <cstdint>
#include <memory>
#include <string>

struct x509_st;
struct evp_pkey_st;

namespace baryon {

// A certificate, its key, and both as PEM.
struct TestCertificate {
  std::shared_ptr<x509_st> certificate;
  std::shared_ptr<evp_pkey_st> key;
  std::string certificate_pem, key_pem;
};

// One that signs others, and itself.
TestCertificate MakeCa(const std::string& name);

// One for "localhost" and 127.0.0.1, for servers and clients, signed by `ca`, valid from `start_days` to `end_days`
// from now.
TestCertificate MakeCertificate(const TestCertificate& ca, const std::string& name, int64_t start_days = -1,
                                int64_t end_days = 1);

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_CERTIFICATES_H_
