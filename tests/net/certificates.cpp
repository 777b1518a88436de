#include "relay_gateway/tests/net/certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>

namespace relay::net_test {

namespace {

template <auto Free>
struct freed {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;
using cert_ptr = std::unique_ptr<X509, freed<X509_free>>;
using file_ptr = std::unique_ptr<std::FILE, freed<std::fclose>>;

void extend(X509* cert, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  ASSERT_TRUE(extension) << value;
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

cert_ptr make(EVP_PKEY* key, const char* name, int serial, bool expired) {
  cert_ptr cert(X509_new());
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -7200);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), expired ? -3600 : 3600);
  X509_set_pubkey(cert.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return cert;
}

} // namespace

struct authority::impl {
  std::filesystem::path directory;
  key_ptr key{EVP_EC_gen("P-256")};
  cert_ptr cert;
  std::string ca_file;
  int serial = 1;

  std::string write(const std::string& name, EVP_PKEY* private_key, X509* certificate) const {
    auto path = (directory / name).string();
    file_ptr file(std::fopen(path.c_str(), "w"));
    if (certificate) PEM_write_X509(file.get(), certificate);
    if (private_key) PEM_write_PrivateKey(file.get(), private_key, nullptr, nullptr, 0, nullptr, nullptr);
    return path;
  }
};

authority::authority() : impl_(std::make_unique<impl>()) {
  auto pattern = (std::filesystem::temp_directory_path() / "relay-net-XXXXXX").string();
  impl_->directory = ::mkdtemp(pattern.data());
  impl_->cert = make(impl_->key.get(), "test authority", impl_->serial++, false);
  auto* cert = impl_->cert.get();
  X509_set_issuer_name(cert, X509_get_subject_name(cert));
  extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(cert, impl_->key.get(), EVP_sha256());
  impl_->ca_file = impl_->write("ca.pem", nullptr, cert);
}

authority::~authority() {
  std::error_code ignored;
  std::filesystem::remove_all(impl_->directory, ignored);
}

const std::string& authority::ca_file() const { return impl_->ca_file; }

authority::pair authority::issue(const std::string& alternative_name, bool expired) {
  key_ptr key(EVP_EC_gen("P-256"));
  auto serial = impl_->serial++;
  auto cert = make(key.get(), "test peer", serial, expired);
  X509_set_issuer_name(cert.get(), X509_get_subject_name(impl_->cert.get()));
  extend(cert.get(), impl_->cert.get(), NID_subject_alt_name, alternative_name);
  X509_sign(cert.get(), impl_->key.get(), EVP_sha256());
  auto name = std::to_string(serial);
  return {impl_->write(name + ".pem", nullptr, cert.get()), impl_->write(name + ".key", key.get(), nullptr)};
}

} // namespace relay::net_test
