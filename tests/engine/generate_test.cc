// Holds generation with caches and batches to one plain forward pass per token.
#include "engine/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "support/sessions.h"
#include "support/shows.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

using engine::generate;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr int64_t kNew = 12;

// Greedy without a cache: the whole row again for each token. Stops in front of `end`.
std::vector<int32_t> stepwise(const engine::Session& session, const std::vector<int32_t>& prompt,
                              int64_t limit, int32_t end) {
  std::vector<int32_t> said;
  while (int64_t(said.size()) < limit) {
    const LastLogits logits = last_logits(session, joined(prompt, said));
    std::vector<double> sorted = logits.values;
    std::sort(sorted.rbegin(), sorted.rend());
    EXPECT_GT(sorted[0] - sorted[1], logits.slack) << "too close to tell: use other prompts";
    const auto best = std::max_element(logits.values.begin(), logits.values.end());
    const int32_t token = int32_t(best - logits.values.begin());
    if (token == end) break;
    said.push_back(token);
  }
  return said;
}

// A copy of the tiny Llama whose end token is one that it likes to say.
class WithEnd {
 public:
  WithEnd(const engine::Session& original, int32_t end) {
    std::filesystem::copy(fixture("llama/tied"), path());
    auto config = io::load_json(path() / "tokenizer_config.json");
    config["eos_token"] = std::string(original.tokenizer().token(end));
    write_file(path() / "tokenizer_config.json", io::dump_json(config));
  }
  std::filesystem::path path() const { return folder_ / "tied"; }

 private:
  TemporaryFolder folder_;
};

class Generate : public ::testing::TestWithParam<PromptSet> {
 protected:
  static void expect_stepwise(const engine::Session& session, const Rows& prompts) {
    const int32_t end = *session.tokenizer().special().eos;
    engine::Worker worker(session);
    Rows want;
    for (const auto& prompt : prompts) want.push_back(stepwise(session, prompt, kNew, end));
    for (const int threads : {1, 2}) {
      const Threads limit(threads);
      for (const int64_t batch_tokens : {1, 30, 4096}) {
        EXPECT_EQ(generate(worker, prompts, {kNew, batch_tokens}, {}), want);
      }
    }
  }
};

TEST_P(Generate, EqualsSteppingWithoutACache) {
  shows("SmolLM2", {"cached"});
  engine::Session session(fixture("llama/tied"), plain_options());
  expect_stepwise(session, GetParam().rows);
}

TEST_P(Generate, StopsInFrontOfTheEndToken) {
  engine::Session original(fixture("llama/tied"), plain_options());
  const auto said = stepwise(original, GetParam().rows[0], kNew, -1);
  const int32_t end = said[4];  // the first row ends here at the latest, the others at will
  const WithEnd model(original, end);
  engine::Session session(model.path(), plain_options());
  ASSERT_EQ(session.tokenizer().special().eos, end);
  engine::Worker worker(session);
  const auto rows = generate(worker, GetParam().rows, {kNew, 4096}, {});
  EXPECT_LE(rows[0].size(), 4u);
  expect_stepwise(session, GetParam().rows);
}

INSTANTIATE_TEST_SUITE_P(Prompts, Generate, ::testing::ValuesIn(prompt_sets()),
                         [](const auto& test) { return test.param.name; });

class GenerateLimits : public ::testing::Test {
 protected:
  engine::Session session_{fixture("llama/tied"), plain_options()};
  engine::Worker worker_{session_};
};

TEST_F(GenerateLimits, NoMoreTokensThanAsked) {
  const Rows prompts{random_tokens(9, 1), random_tokens(4, 2)};
  const auto whole = generate(worker_, prompts, {kNew, 2048}, {});
  for (const int64_t limit : {0, 1, 5}) {
    const auto rows = generate(worker_, prompts, {limit, 2048}, {});
    ASSERT_EQ(rows.size(), 2u);
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t count = std::min(size_t(limit), whole[i].size());
      EXPECT_EQ(rows[i],
                std::vector<int32_t>(whole[i].begin(), whole[i].begin() + std::ptrdiff_t(count)));
    }
  }
}

TEST_F(GenerateLimits, NoPromptNoText) { EXPECT_TRUE(generate(worker_, {}, {}, {}).empty()); }

TEST_F(GenerateLimits, PromptAndAnswerMayFillTheContextAndNoMore) {
  const int64_t context = session_.model().info().context;
  const Rows fits{random_tokens(context - kNew, 1)};
  EXPECT_EQ(generate(worker_, fits, {kNew, 64}, {}).size(), 1u);
  const Rows longer{random_tokens(4, 1), random_tokens(context - kNew + 1, 1)};
  EXPECT_THAT(
      [&] {
    generate(worker_, longer, {kNew, 64}, {});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("245 tokens"), HasSubstr("context of 256"))));
}

TEST_F(GenerateLimits, RefusesAnEncoder) {
  const engine::Session session(fixture("bert"), plain_options());
  engine::Worker encoder(session);
  EXPECT_THAT([&] { generate(encoder, Rows{{5}}, {}, {}); },
              ThrowsMessage<Error>(HasSubstr("Use a language model")));
}

TEST_F(GenerateLimits, StopsBetweenBatches) {
  std::atomic<bool> stop{false};
  Context context;
  context.stop = &stop;
  context.progress = [&](const Progress&) { stop = true; };
  const Rows prompts{random_tokens(40, 1), random_tokens(40, 2), random_tokens(40, 3)};
  EXPECT_EQ(generate(worker_, prompts, {2, 1}, context).size(), 1u);
}

}  // namespace
}  // namespace relatum::testing
