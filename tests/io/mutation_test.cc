// Runs the fuzzers' targets on thousands of damaged files, the same ones every time.
#include <gtest/gtest.h>

#include "../../fuzz/targets.h"
#include "base/rng.h"
#include "io/samples.h"
#include "support/temporary.h"

namespace relatum {
namespace {

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
    const uint64_t numbers[] = {0, 1, UINT64_MAX, uint64_t{1} << 60, uint64_t{1} << 63,
                                uint64_t{1} << 32, INT32_MAX, text.size(), text.size() - at};
    const uint64_t number = numbers[below(std::size(numbers))];
    const size_t width = std::min<size_t>(below(2) ? 8 : 4, text.size() - at);
    std::memcpy(text.data() + at, &number, width);
  }

  Rng rng_;
  uint64_t draws_ = 0;
};

/// Counts how many of `rounds` damaged copies the target takes; some must pass, some must not.
template <class Target>
void attack(const std::string& valid, const Target& target, int rounds) {
  ASSERT_TRUE(target(testing::bytes_of(valid))) << "the sample itself must be valid";
  int accepted = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string damaged = Mutator(uint64_t(round)).damage(valid);
    accepted += target(testing::bytes_of(damaged)) ? 1 : 0;
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, rounds);
}

TEST(Mutation, Gguf) {
  testing::TemporaryFolder folder;
  attack(read_file(testing::sample_gguf(folder / "x")), fuzz::gguf, 8000);
}

TEST(Mutation, Safetensors) {
  testing::TemporaryFolder folder;
  attack(read_file(testing::sample_safetensors(folder / "x")), fuzz::safetensors, 8000);
}

TEST(Mutation, Json) {
  attack(R"({"id":"7","text":"caf\u00e9 \ud83d\ude00 é","head":{"start":4,"end":9},"x":[1,-2.5e3,)"
         R"(null,true,"\\\"\n"]})", fuzz::json, 20000);
}

TEST(Mutation, Npy) {
  testing::TemporaryFolder folder;
  const std::vector<float> values(6);
  testing::write_npy_file(folder / "x", {values.data(), 2, 3});
  attack(read_file(folder / "x"), fuzz::npy, 8000);
}

}  // namespace
}  // namespace relatum
