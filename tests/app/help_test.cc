// The command line itself: help, version, defaults, and what is said to a slip of the fingers.
#include <regex>

#include "app/command.h"
#include "app/workbench.h"

namespace relatum::testing {
namespace {

const std::map<std::string, std::vector<std::string>> kFlags = {
    {"models", {"--models", "--json"}},
    {"inspect", {"path", "--models", "--tensors"}},
    {"prepare",
     {"--data", "--prompt", "--index", "--out", "--for", "--neighbours", "--limit", "--relabel",
      "--labels", "--skip-bad-rows"}},
    {"index", {"--embedder", "--data", "--out", "--models", "--limit"}},
    {"finetune",
     {"--model",        "--train",        "--dev",           "--holdout",      "--prompt",
      "--index",        "--out",          "--base",          "--resume",       "--method",
      "--rank",         "--alpha",        "--dropout",       "--targets",      "--epochs",
      "--lr",           "--schedule",     "--warmup",        "--weight-decay", "--clip",
      "--batch-tokens", "--micro-tokens", "--seed",          "--eval-every",   "--save-every",
      "--patience",     "--compute",      "--threads",       "--isa",          "--limit",
      "--relabel",      "--labels",       "--skip-bad-rows", "--neighbours",   "--chat",
      "--force",        "--examples",     "--label-list"}},
    {"extract", {"--model",      "--adapter", "--prompt",    "--index",       "--data",
                 "--out",        "--answer",  "--scores",    "--labels",      "--max-new-tokens",
                 "--neighbours", "--chat",    "--force",     "--limit",       "--threads",
                 "--isa",        "--compute", "--threshold", "--multi-label", "--no-calibration"}},
    {"graph",
     {"--model", "--adapter", "--schema", "--gazetteer", "--window", "--format", "--base-iri",
      "--out", "--into", "--sync", "--skip-bad-rows", "--json"}},
    {"evaluate",
     {"--data", "--predictions", "--negative", "--official", "--json", "--report", "--missing",
      "--relabel", "--labels", "--task", "--schema"}},
    {"compare",
     {"--data", "--predictions", "--against", "--negative", "--samples", "--seed", "--json"}},
    {"analyse", {"--data", "--predictions", "--index", "--train", "--label-noise", "--json"}},
    {"suggest",
     {"--model", "--adapter", "--data", "--count", "--by", "--similar", "--seed", "--embedder",
      "--out", "--format", "--overwrite"}},
    {"calibrate", {"--adapter", "--data", "--negative", "--overwrite", "--json"}},
    {"run", {"config"}},
    {"study", {"config", "--arm", "--limit-cells", "--list", "--page"}},
    {"embed", {"--embedder", "--data", "--out"}},
    {"tokenize", {"--model", "--text"}},
    {"bench", {"--model", "--tokens", "--length", "--rank", "--rounds", "--json", "--compute"}}};

TEST(Help, EveryCommandNamesItsFlags) {
  for (const app::Command* command : app::commands()) {
    const std::string name(command->name);
    SCOPED_TRACE(name);
    const Outcome outcome = run_program({name, "--help"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_THAT(outcome.out, HasSubstr(std::string(command->summary)));
    const auto known = kFlags.find(name);
    if (known == kFlags.end()) continue;
    for (const std::string& flag : known->second) {
      EXPECT_THAT(outcome.out, HasSubstr("  " + flag + " ")) << flag;
    }
  }
}

TEST(Help, EveryPromisedCommandIsThere) {
  const Outcome outcome = run_program({"--help"});
  EXPECT_EQ(outcome.status, 0);
  for (const auto& [name, flags] : kFlags) EXPECT_THAT(outcome.out, HasSubstr("  " + name + " "));
}

// "--rank INT=16", since CLI11 2.4 "--rank INT [16]".
std::regex shown_default(const std::string& flag, const std::string& value) {
  return std::regex("--" + flag + " [^\n=]*(=" + value + "\\s|\\[" + value + "\\])");
}

TEST(Help, ShowsThePromisedDefaults) {
  const std::map<std::string, std::string> defaults = {
      {"rank", "16"},        {"alpha", "32"},     {"dropout", "0.05"},    {"targets", "all-linear"},
      {"epochs", "3"},       {"lr", "0.001"},     {"schedule", "cosine"}, {"warmup", "0.03"},
      {"weight-decay", "0"}, {"clip", "1"},       {"batch-tokens", "0"},  {"seed", "1"},
      {"neighbours", "1"},   {"method", "qlora"}, {"compute", "auto"}};
  const std::string help = run_program({"finetune", "--help"}).out;
  for (const auto& [flag, value] : defaults) {
    EXPECT_TRUE(std::regex_search(help, shown_default(flag, value))) << flag << " " << value;
  }
  EXPECT_THAT(help, HasSubstr("(default: roles-nolist, for an encoder-decoder one-line-nolist)"));
  const std::string extract = run_program({"extract", "--help"}).out;
  EXPECT_TRUE(std::regex_search(extract, shown_default("answer", "scored")));
  EXPECT_TRUE(std::regex_search(extract, shown_default("max-new-tokens", "32")));
}

TEST(Help, SaysTheSameOfWhatCommandsShare) {
  std::map<std::string, std::set<std::string>> texts;
  for (const app::Command* command : app::commands()) {
    const std::string help = run_program({std::string(command->name), "--help"}).out;
    for (const char* flag : {"--models", "--skip-bad-rows", "--threads", "--quiet"}) {
      const size_t at = help.find(std::string("  ") + flag + " ");
      if (at == help.npos) continue;
      const size_t text = help.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ", help.find("  ", at + 4));
      texts[flag].insert(help.substr(text, 20));
    }
  }
  EXPECT_EQ(texts.size(), 4u);
  for (const auto& [flag, each] : texts) {
    EXPECT_EQ(each.size(), 1u) << flag << ": " << ::testing::PrintToString(each);
  }
}

TEST(Help, TellsItsVersion) {
  const Outcome outcome = run_program({"--version"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(std::regex_match(outcome.out, std::regex("relatum [0-9]+\\.[0-9]+\\.[0-9]+\n")));
}

void expect_wrong_use(const Arguments& arguments, const std::vector<std::string>& parts) {
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.status, 2) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.starts_with("relatum: ")) << outcome.err;
  for (const std::string& part : parts) EXPECT_THAT(outcome.err, HasSubstr(part));
}

TEST(WrongUse, NamesTheNearestFlag) {
  expect_wrong_use(
      {"extract", "--adaptor", "x"},
      {"extract has no flag --adaptor. Did you mean --adapter?", "See `relatum extract --help`"});
  expect_wrong_use({"finetune", "--learning-rates=3"}, {"has no flag --learning-rates."});
}

TEST(WrongUse, NamesTheNearestCommand) {
  expect_wrong_use({"extrct"}, {"no command 'extrct'. Did you mean extract?", "relatum --help"});
  expect_wrong_use({}, {"relatum --help"});
}

TEST(WrongUse, NamesWhatIsMissing) {
  expect_wrong_use({"finetune", "--model", "x"}, {"--train is required"});
  expect_wrong_use({"extract", "--model", "x"}, {"--data is required"});
  expect_wrong_use({"inspect"}, {"path is required"});
}

TEST(WrongUse, RefusesValuesThatCannotBe) {
  const Arguments finetune = {"finetune", "--model", "m", "--train", "t", "--out", "o"};
  for (const char* flag : {"--epochs", "--lr", "--batch-tokens", "--clip", "--rank", "--seed"}) {
    expect_wrong_use(finetune + Arguments{flag, "x"}, {flag});
  }
  expect_wrong_use(finetune + Arguments{"--epochs", "-1"}, {"--epochs"});
  expect_wrong_use(finetune + Arguments{"--schedule", "cosin"},
                   {"--schedule: 'cosin' is not one of cosine", "Did you mean cosine?"});
  expect_wrong_use(finetune + Arguments{"--isa", "axv2"}, {"avx512", "Did you mean avx2?"});
  expect_wrong_use(finetune + Arguments{"--threads", "-1"}, {"--threads: '-1'", "from 0 to"});
  const std::string sentence = run_program(finetune + Arguments{"--epochs", "x"}).err;
  EXPECT_EQ(sentence,
            "relatum: --epochs: 'x' is not a number\n"
            "See `relatum finetune --help`.\n");
}

}  // namespace
}  // namespace relatum::testing
