// Runs the fuzzers' targets on thousands of damaged files, the same ones every time.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <ostream>
#include <sstream>

#include "base/atomic_file.h"
#include "base/rng.h"
#include "target.h"

namespace relatum {

namespace fuzz {
/// How GoogleTest shows a parameter.
void PrintTo(const Target* target, std::ostream* out) { *out << target->name; }
}  // namespace fuzz

namespace {

namespace fs = std::filesystem;

/// One random damage: flipped bits, a hostile number, a cut, a repeated or removed part.
class Mutator {
 public:
  explicit Mutator(uint64_t seed) : rng_(seed, 0) {}

  std::string damage(std::string text) {
    for (uint64_t count = 1 + below(3); count > 0; --count) once(text);
    return text;
  }

 private:
  uint64_t below(uint64_t n) { return rng_.below(draws_++, n); }

  void once(std::string& text) {
    if (text.empty()) return;
    const uint64_t at = below(text.size());
    switch (below(6)) {
      case 0: text[at] = char(uint8_t(text[at]) ^ (1u << below(8))); break;
      case 1: text[at] = char(below(256)); break;
      case 2: plant(text, at); break;
      case 3: text.resize(at); break;
      case 4: text.insert(at, text.substr(below(text.size()), 1 + below(40))); break;
      default: text.erase(at, 1 + below(40));
    }
  }

  void plant(std::string& text, uint64_t at) {
    const uint64_t numbers[] = {0,
                                1,
                                UINT64_MAX,
                                uint64_t{1} << 60,
                                uint64_t{1} << 63,
                                uint64_t{1} << 32,
                                INT32_MAX,
                                text.size(),
                                text.size() - at};
    const uint64_t number = numbers[below(std::size(numbers))];
    const size_t width = std::min<size_t>(below(2) ? 8 : 4, text.size() - at);
    std::memcpy(text.data() + at, &number, width);
  }

  Rng rng_;
  uint64_t draws_ = 0;
};

using Seeds = std::map<std::string, std::string>;  // what is in each, by its file

/// A target's seeds: the files of fuzz/seeds/NAME, and the fixtures that fuzz/seeds/fixtures.txt
/// names for it.
Seeds seeds_of(const fuzz::Target& target) {
  const fs::path root = fs::path(RELATUM_FIXTURES).parent_path().parent_path();
  const fs::path seeds = root / "fuzz/seeds";
  Seeds found;
  const auto add = [&](const fs::path& file) {
    found[file.lexically_relative(root).string()] = read_file(file);
  };
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(seeds / target.name, absent)) add(entry.path());
  std::istringstream fixtures(read_file(seeds / "fixtures.txt"));
  for (std::string name, path; fixtures >> name >> path;) {
    if (name == target.name) add(root / path);
  }
  return found;
}

bool run(const fuzz::Target& target, const std::string& text) {
  return target.run(std::as_bytes(std::span(text)));
}

class Mutation : public ::testing::TestWithParam<const fuzz::Target*> {};

// Some damaged files must pass, some must not: else nothing would be tried.
TEST_P(Mutation, LeavesNothingButErrors) {
  constexpr int kRounds = 8000;
  const fuzz::Target& target = *GetParam();
  const Seeds seeds = seeds_of(target);
  int tried = 0, accepted = 0, sound = 0;
  for (const auto& [file, text] : seeds) {
    SCOPED_TRACE(file);
    if (!run(target, text)) continue;  // what fuzzing found may be no sound file
    ++sound;
    for (int round = 0; round < kRounds / int(seeds.size()); ++round, ++tried) {
      accepted += run(target, Mutator(uint64_t(round)).damage(text));
    }
  }
  EXPECT_GT(sound, 0) << "there is no sound seed for " << target.name;
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, tried);
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Mutation,
                         ::testing::ValuesIn(fuzz::targets().begin(), fuzz::targets().end()),
                         [](const auto& target) { return std::string(target.param->name); });

}  // namespace
}  // namespace relatum
