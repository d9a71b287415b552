// The last line has the hash of what stands above it.
#include "jobs/card_file.h"

#include <fmt/format.h>

#include <span>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSeal =
    "<!-- Made by Relatum. A later run in this folder replaces this page, unless it was changed by "
    "hand. SHA-256 of the lines above: ";

std::string hash_of(std::string_view text) {
  return sha256(std::as_bytes(std::span(text.data(), text.size())));
}

std::string seal_of(std::string_view text) {
  return fmt::format("{}{} -->\n", kSeal, hash_of(text));
}

}  // namespace

fs::path card_file_of(const fs::path& folder) { return folder / "README.md"; }

std::string sealed_card(const std::string& card) { return card + "\n" + seal_of(card + "\n"); }

bool is_own_card(const fs::path& file) {
  constexpr uintmax_t kLargest = 16 << 20;  // of 100,000 labels
  std::error_code error;
  if (!fs::is_regular_file(file, error) || fs::file_size(file, error) > kLargest || error) {
    return false;
  }
  try {
    const std::string text = read_file(file);
    const size_t seal = text.rfind(kSeal);
    return seal != text.npos &&
           text.substr(seal) == seal_of(std::string_view(text).substr(0, seal));
  } catch (const Error&) {
    return false;
  }
}

bool has_other_card(const fs::path& folder) {
  const fs::path file = card_file_of(folder);
  std::error_code ignored;
  return fs::exists(fs::symlink_status(file, ignored)) && !is_own_card(file);
}

void tell_other_card(const fs::path& file, const Context& context) {
  context.info(
      fmt::format("{} is not a model card as it is written here, or was changed by hand: it stays "
                  "as it is.",
                  file.string()));
}

void write_card(const fs::path& folder, const std::string& card, const Context& context) {
  const fs::path file = card_file_of(folder);
  if (has_other_card(folder)) return tell_other_card(file, context);
  try {
    write_file(file, sealed_card(card));
  } catch (const Error& error) {
    context.warn(fmt::format("no model card was written. {}", error.what()));
  }
}

void remove_card(const fs::path& folder) {
  if (is_own_card(card_file_of(folder))) fs::remove(card_file_of(folder));
}

}  // namespace relatum::jobs
