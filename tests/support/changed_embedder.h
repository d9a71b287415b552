// A copy of an embedder of the fixtures, whose small files a test may change.
#pragma once

#include <filesystem>
#include <string>

#include "base/atomic_file.h"
#include "support/models.h"
#include "support/temporary.h"

namespace relatum::testing {

class ChangedEmbedder {
 public:
  explicit ChangedEmbedder(const std::string& name = "bert") { copy(name); }
  /// Takes the place of what was there.
  void copy(const std::string& name) {
    std::filesystem::remove_all(path());
    std::filesystem::copy(fixture(name), path(), std::filesystem::copy_options::recursive);
  }
  std::filesystem::path path() const { return folder_ / "tiny"; }
  void write(const std::string& name, const std::string& text) { write_file(path() / name, text); }
  void remove(const std::string& name) { std::filesystem::remove_all(path() / name); }

 private:
  TemporaryFolder folder_;
};

}  // namespace relatum::testing
