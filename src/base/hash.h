// SHA-256 of bytes and files, by OpenSSL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace relatum {

/// Lower-case hexadecimal SHA-256, 64 characters.
std::string sha256(std::span<const std::byte> bytes);
/// Of texts, each with a line end behind it.
std::string sha256_lines(std::span<const std::string> texts);
std::string sha256_file(const std::filesystem::path& path);

}  // namespace relatum
