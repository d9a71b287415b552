// SHA-256 of bytes and files, by OpenSSL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace relatum {

/// Lower-case hexadecimal SHA-256, 64 characters.
std::string sha256(std::span<const std::byte> bytes);
std::string sha256_file(const std::filesystem::path& path);

}  // namespace relatum
