// Model cards: what stands in them, and whose README is replaced.
#include "jobs/model_card.h"

#include <span>

#include "desk.h"
#include "io/json.h"
#include "jobs/card_file.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/markdown_text.h"
#include "jobs/merge.h"
#include "jobs/run_card.h"
#include "support/error_of.h"
#include "support/gguf_writer.h"
#include "support/models.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

class Card : public Desk {
 protected:
  void train(const jobs::FinetuneOptions& options) {
    ASSERT_TRUE(jobs::finetune(options, host_).finished);
  }
  // No path but the names of files may be in a card.
  void expect_private(const std::string& card) const {
    EXPECT_THAT(card, Not(HasSubstr(folder_.path().string())));
    EXPECT_THAT(card, Not(HasSubstr(fixture("").string())));
  }
  static std::string metadata(const std::string& card) {
    return card.substr(0, card.find("\n---\n", 3));
  }
};

TEST_F(Card, OfAnAdapterTellsWhatTheRunWas) {
  jobs::FinetuneOptions options = teach();
  options.dev = write_rows("dev.jsonl", many(60));
  train(options);
  const std::string card = read("run/README.md");
  expect_private(card);
  EXPECT_THAT(
      metadata(card),
      AllOf(StartsWith("---\n# As the base was called"), HasSubstr("base_model: \"tied\""),
            HasSubstr("base_model_relation: \"adapter\""), HasSubstr("library_name: \"peft\""),
            HasSubstr("pipeline_tag: \"text-generation\""),
            HasSubstr("tags:\n- \"relation-extraction\"\n- \"relatum\"\n- \"lora\"\n- "
                      "\"qlora\"\nmodel-index:"),
            HasSubstr("dataset:\n      name: \"dev.jsonl\""), Not(HasSubstr("license"))));
  const json record = json::parse(read("run/run.json"));
  for (const std::string& part :
       {std::string("# run\n\nA QLoRA adapter of rank 16 for tied that names"),
        std::string("one of 4 labels"),
        std::string("```sh\nrelatum extract --adapter . --data FILE --out predictions.jsonl\n```"),
        "begins with `" + record.at("base_hash").get<std::string>().substr(0, 12) + "`",
        std::string("## Prompt\n\nStyle plain.txt, as a template:\n\n```\n{{text}}\n{{head}} and"),
        std::string("| label | training examples |"), std::string("| causes(e1,e2) |"),
        std::string("- 10 examples from rows.jsonl\n"),
        std::string("- 60 dev examples from dev.jsonl"), std::string("| epochs | 1 |"),
        std::string("On the dev sentences, which also chose the step"),
        std::string("## How sure the answers are\n\n- --answer scored"),
        std::string("## Time and memory\n\nTrained in "),
        std::string("- Fewer than 10 training examples: ")}) {
    EXPECT_THAT(card, HasSubstr(part));
  }
  EXPECT_EQ(record.at("label_examples").at("no_relation"), 2);
}

TEST_F(Card, NamesNoFigureThatNobodyMeasured) {
  train(teach());
  const std::string card = read("run/README.md");
  EXPECT_THAT(card, AllOf(Not(HasSubstr("model-index")),
                          HasSubstr("There were no dev sentences, so nothing was measured."),
                          HasSubstr("Nothing is calibrated")));
}

TEST_F(Card, OfAllWeightsLiesBesideTheModelAndInIt) {
  jobs::FinetuneOptions options = teach();
  options.method = "full";
  options.method_given = true;
  train(options);
  const std::string run = read("run/README.md"), model = read("run/model/README.md");
  for (const std::string& card : {run, model}) {
    expect_private(card);
    EXPECT_THAT(metadata(card), AllOf(HasSubstr("library_name: \"transformers\""),
                                      HasSubstr("base_model_relation: \"finetune\""),
                                      HasSubstr("- \"full\""), Not(HasSubstr("\"lora\""))));
    EXPECT_THAT(card, HasSubstr("tied, all of whose weights were trained, that names"));
  }
  EXPECT_THAT(run, HasSubstr("relatum extract --adapter . --data"));
  EXPECT_THAT(model, HasSubstr("relatum extract --adapter .. --data"));
}

TEST_F(Card, OfAClassifierSaysWhatOtherProgramsLack) {
  jobs::FinetuneOptions options = teach();
  options.model.model = fixture("bert").string();
  options.prompt = "";
  options.head = "classifier";
  train(options);
  const std::string card = read("run/model/README.md");
  EXPECT_THAT(metadata(card), HasSubstr("pipeline_tag: \"text-classification\""));
  EXPECT_THAT(card,
              AllOf(HasSubstr("bert with a classifier over it"),
                    HasSubstr("knows nothing of `classifier.safetensors`"),
                    HasSubstr("learning rate of the classifier"), Not(HasSubstr("## Prompt"))));
}

TEST_F(Card, OfAMergedModelNamesTheCommandThatAsksIt) {
  train(teach());
  jobs::MergeOptions options;
  options.use.adapter = path("run");
  options.format = "f32";
  options.out = path("merged");
  ASSERT_TRUE(jobs::merge(options, host_));
  const std::string card = read("merged/README.md");
  expect_private(card);
  EXPECT_THAT(metadata(card), AllOf(HasSubstr("library_name: \"transformers\""),
                                    HasSubstr("base_model_relation: \"finetune\"")));
  EXPECT_THAT(card, AllOf(HasSubstr("# merged\n\ntied with an adapter merged into its weights"),
                          HasSubstr("relatum extract --model . --base keep --prompt ./prompt.txt "
                                    "--labels ./labels.json --data FILE"),
                          HasSubstr("| causes(e1,e2) |")));
  // Of an adapter without a record less is known, and still how to ask.
  fs::remove(path("run/run.json"));
  options.out = path("bare");
  options.use.model.model = kModel;
  ASSERT_TRUE(jobs::merge(options, host_));
  EXPECT_THAT(read("bare/README.md"),
              AllOf(HasSubstr("relatum extract --model . --base keep --prompt STYLE"),
                    Not(HasSubstr("## Settings"))));
}

TEST_F(Card, OursIsReplacedAndNobodyElses) {
  train(teach());
  EXPECT_TRUE(jobs::is_own_card(path("run/README.md")));
  jobs::FinetuneOptions options = teach();
  options.overwrite = true;
  options.training.epochs = 2;
  train(options);
  EXPECT_THAT(read("run/README.md"), HasSubstr("| epochs | 2 |"));
  for (const std::string& mine : {std::string("# Mine\n"), read("run/README.md") + "A word more.\n",
                                  std::string(read("run/README.md")).replace(4, 1, "!")}) {
    write("run/README.md", mine);
    lines_.clear();
    train(options);
    EXPECT_EQ(read("run/README.md"), mine);
    EXPECT_THAT(lines_, Contains(HasSubstr("run/README.md is not a model card as it is written")));
  }
  fs::remove(path("run/README.md"));
  fs::create_directory(path("run/README.md"));
  train(options);
  EXPECT_TRUE(fs::is_directory(path("run/README.md")));
  EXPECT_TRUE(warnings_.empty()) << warnings_[0];
}

TEST_F(Card, AModelsFolderWithAReadmeOfSomebodysIsNotReplaced) {
  jobs::FinetuneOptions options = teach();
  options.method = "full";
  options.method_given = true;
  train(options);
  options.overwrite = true;
  train(options);  // ours goes with the folder
  write("run/model/README.md", "# Mine\n");
  EXPECT_THAT(error_of([&] { jobs::finetune(options, host_); }),
              AllOf(HasSubstr("run/model/README.md"), HasSubstr("Move it away")));
  EXPECT_EQ(read("run/model/README.md"), "# Mine\n");
  EXPECT_TRUE(there("run/model/model.safetensors"));
}

TEST_F(Card, AMergedFolderKeepsAReadmeOfSomebodys) {
  train(teach());
  jobs::MergeOptions options;
  options.use.adapter = path("run");
  options.out = path("merged");
  options.overwrite = true;
  ASSERT_TRUE(jobs::merge(options, host_));
  write("merged/README.md", "# Mine\n");
  ASSERT_TRUE(jobs::merge(options, host_));
  EXPECT_EQ(read("merged/README.md"), "# Mine\n");
  EXPECT_THAT(lines_, Contains(HasSubstr("merged/README.md is not a model card")));
}

TEST_F(Card, IsMadeAnewAsTheRunMadeIt) {
  train(teach());
  const std::string card = read("run/README.md");
  const jobs::BaseIdentity base{"tied", false, ""};
  fs::remove(path("run/README.md"));
  jobs::renew_run_cards(path("run"), base, host_.context);
  EXPECT_FALSE(there("run/README.md"));
  jobs::write_run_cards(path("run"), base, host_.context);
  EXPECT_EQ(read("run/README.md"), card);
  jobs::renew_run_cards(path("run"), jobs::BaseIdentity{"other", false, ""}, host_.context);
  EXPECT_NE(read("run/README.md"), card);
  jobs::write_run_cards(path("run"), base, host_.context);
  jobs::renew_run_cards(path("run"), std::nullopt, host_.context);
  EXPECT_EQ(read("run/README.md"), card);
  EXPECT_THAT(lines_, Contains(HasSubstr("run/README.md stays as it is")));
  fs::remove(path("run/run.json"));  // the calibration is kept already: that is no reason to fail
  jobs::renew_run_cards(path("run"), base, host_.context);
  EXPECT_THAT(warnings_, Contains(HasSubstr("no model card was written")));
}

TEST_F(Card, WhatIsLeftOfAStoppedRunHasNone) {
  jobs::FinetuneOptions options = teach();
  options.training.epochs = 3;
  options.batch_tokens = 64;
  host_.context.progress = [&](const Progress& p) { stop_ = p.done >= 2; };
  EXPECT_FALSE(jobs::finetune(options, host_).finished);
  EXPECT_FALSE(there("run/README.md"));
}

TEST(CardText, LabelsAreNoMarkup) {
  EXPECT_EQ(jobs::markdown_text("a|b <b>`x`</b> *y* \\ [z](u)\n#1"),
            "a\\|b &lt;b>\\`x\\`&lt;/b> \\*y\\* \\\\ \\[z\\](u)\\\\n\\#1");
  EXPECT_EQ(jobs::markdown_block("a\n```\nb", "sh"), "````sh\na\n```\nb\n````\n");
  EXPECT_EQ(jobs::markdown_block("\x1b[31m\n"), "```\n\\x1b[31m\n```\n");
}

// Where a base comes from is told by where it lies and what its files say.
class BaseNames : public Desk {
 protected:
  jobs::BaseIdentity of(const std::string& place, const std::string& given = "") const {
    return jobs::base_identity(arch::ModelFiles::open(path(place)), given);
  }
  void copy_model(const std::string& to) const {
    fs::create_directories(folder_ / to);
    fs::copy(kModel, folder_ / to, fs::copy_options::recursive);
  }
};

TEST_F(BaseNames, AFolderSaysWhoseItIs) {
  copy_model("tiny");
  EXPECT_EQ(of("tiny", path("tiny")).name, "tiny");
  EXPECT_FALSE(of("tiny", path("tiny")).repository);
  EXPECT_EQ(of("tiny", "smol").name, "smol");
  EXPECT_EQ(of("tiny", "some/smol").name, "some/smol");
  EXPECT_TRUE(of("tiny", "some/smol").repository);
  EXPECT_FALSE(of("tiny", "llama3.2:1b").repository);
  EXPECT_EQ(of("tiny").license, "");
  write("tiny/README.md", "---\nlanguage: en\nlicense: \"Apache-2.0\"\n---\nlicense: mit\n");
  EXPECT_EQ(of("tiny").license, "apache-2.0");
  write("tiny/README.md", "license: mit\n");
  EXPECT_EQ(of("tiny").license, "");
  write("tiny/README.md", "---\nlicense: other\n---\n");
  EXPECT_EQ(of("tiny").license, "");
  const std::string cached = "hub/models--Some--Smol/snapshots/0123";
  copy_model(cached);
  EXPECT_EQ(of(cached, "anything").name, "Some/Smol");
  EXPECT_TRUE(of(cached).repository);
}

TEST_F(BaseNames, AGgufFileSaysWhatItWasMadeOf) {
  const std::vector<float> values(32, 1);
  GgufWriter file;
  file.set_string("general.architecture", "llama");
  file.set_string("general.license", "MIT");
  file.set_string("general.source.repo_url", "https://huggingface.co/Some/Smol/");
  file.add_tensor("a", 0, {32}, std::as_bytes(std::span(values)));
  file.write(path("smol.Q4.gguf"));
  EXPECT_EQ(of("smol.Q4.gguf").name, "Some/Smol");
  EXPECT_EQ(of("smol.Q4.gguf").license, "mit");
  GgufWriter bare;
  bare.set_string("general.architecture", "llama");
  bare.set_u32("general.license", 3);
  bare.set_string("general.source.repo_url", "https://elsewhere.org/Some/Smol");
  bare.add_tensor("a", 0, {32}, std::as_bytes(std::span(values)));
  bare.write(path("bare.Q4.gguf"));
  EXPECT_EQ(of("bare.Q4.gguf").name, "bare.Q4");
  EXPECT_EQ(of("bare.Q4.gguf").license, "");
}

}  // namespace
}  // namespace relatum::testing
