// OpenSSL's digest behind sha256().
#include "base/hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "base/error.h"
#include "base/mapped_file.h"

namespace relatum {

namespace {

class Digest {
 public:
  Digest() : state_(EVP_MD_CTX_new()) {
    RELATUM_CHECK(state_ && EVP_DigestInit_ex(state_, EVP_sha256(), nullptr) == 1);
  }
  ~Digest() { EVP_MD_CTX_free(state_); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void add(std::span<const std::byte> bytes) {
    RELATUM_CHECK(EVP_DigestUpdate(state_, bytes.data(), bytes.size()) == 1);
  }
  std::string text() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    RELATUM_CHECK(EVP_DigestFinal_ex(state_, digest, &size) == 1);
    std::string result;
    for (unsigned int i = 0; i < size; ++i) result += fmt::format("{:02x}", digest[i]);
    return result;
  }

 private:
  EVP_MD_CTX* state_;
};

}  // namespace

std::string sha256(std::span<const std::byte> bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.text();
}

std::string sha256_lines(std::span<const std::string> texts) {
  Digest digest;
  for (const std::string& text : texts) {
    digest.add(std::as_bytes(std::span(text)));
    digest.add(std::as_bytes(std::span<const char>("\n", 1)));
  }
  return digest.text();
}

std::string sha256_file(const std::filesystem::path& path) {
  constexpr size_t kPart = size_t{1} << 24;  // held in memory at once
  const auto file = MappedFile::open(path);
  Digest digest;
  for (auto rest = file->bytes(); !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), kPart));
    digest.add(part);
    drop_pages(part);
    rest = rest.subspan(part.size());
  }
  return digest.text();
}

}  // namespace relatum
