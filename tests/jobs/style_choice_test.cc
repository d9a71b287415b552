// The style of jobs that name none, and the warning where a model cannot read one.
#include "jobs/style_choice.h"

#include "base/error.h"
#include "desk.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/run_record.h"
#include "support/t5_like.h"

namespace relatum::testing {
namespace {

TEST(StyleChoice, IsTheModelsUnlessOneIsNamed) {
  arch::ModelInfo decoder, encoder_decoder;
  encoder_decoder.encoder_layers = 6;
  EXPECT_EQ(jobs::style_for("", decoder).name, "roles-nolist");
  EXPECT_EQ(jobs::style_for("", encoder_decoder).name, "one-line-nolist");
  for (const arch::ModelInfo& model : {decoder, encoder_decoder}) {
    EXPECT_EQ(jobs::style_for("compact", model).name, "compact");
    EXPECT_THAT([&] { jobs::style_for("compakt", model); },
                ThrowsMessage<Error>(HasSubstr("Did you mean 'compact'")));
  }
}

class StyleOfJob : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    for (const char* name : {"config.json", "model.safetensors"}) {
      write(std::string("poor/") + name, read_file(fs::path(kModel) / name));
    }
    write_t5_like_tokenizer(path("poor"));
    // Sentences of letters, each a token, and this model's context is short.
    write_rows("rows.jsonl", {row("1", "Rain wet it.", "Rain", "it", kLabels[0]),
                              row("2", "A car won.", "A", "car", kLabels[1])});
  }
  // Of which one has to name the style, and says no more.
  void expect_one_warning(const std::string& style) const {
    ASSERT_EQ(warnings_.size(), 1u) << ::testing::PrintToString(warnings_);
    EXPECT_THAT(warnings_[0], HasSubstr("style " + style + ": with this model's vocabulary"));
  }
};

TEST_F(StyleOfJob, FineTuningTellsOnceWhatTheVocabularyLacks) {
  jobs::FinetuneOptions options = teach();
  options.model.model = path("poor");
  options.prompt = "roles-nolist";
  jobs::finetune(options, host_);
  expect_one_warning("roles-nolist");
  // Extraction with the adapter has no other style to choose.
  warnings_.clear();
  jobs::ExtractOptions extraction = ask();
  extraction.model.model = path("poor");
  extraction.prompt = "";
  extraction.adapter = path("run");
  jobs::extract(extraction, host_);
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
  extraction.prompt = "compact-nolist";  // the same template under another name
  jobs::extract(extraction, host_);
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
}

TEST_F(StyleOfJob, FineTuningSaysNothingWhereAllIsThere) {
  jobs::FinetuneOptions options = teach();
  options.model.model = path("poor");
  options.prompt = "one-line-nolist";
  jobs::finetune(options, host_);
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
  EXPECT_EQ(jobs::read_run(path("run")).prompt, "one-line-nolist");
}

TEST_F(StyleOfJob, ExtractionWithAModelAloneTellsIt) {
  jobs::ExtractOptions options = ask();
  options.model.model = path("poor");
  options.prompt = "compact-nolist";
  jobs::extract(options, host_);
  expect_one_warning("compact-nolist");
  warnings_.clear();
  options.prompt = "one-line-nolist";
  jobs::extract(options, host_);
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
}

TEST_F(StyleOfJob, TheRecordNamesTheStyleThatWasUsed) {
  jobs::FinetuneOptions options = teach();
  options.prompt = "";
  jobs::finetune(options, host_);
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
  EXPECT_EQ(jobs::read_run(path("run")).prompt, "roles-nolist");
  EXPECT_THAT(::testing::PrintToString(lines_), HasSubstr("style roles-nolist,"));
}

TEST_F(StyleOfJob, AStyleThatIsNoneIsRefusedBeforeAModelIsOpened) {
  jobs::FinetuneOptions options = teach();
  options.model.model = path("poor");
  options.prompt = "compakt";
  write("poor/config.json", "no JSON");
  EXPECT_THAT([&] { jobs::finetune(options, host_); },
              ThrowsMessage<Error>(HasSubstr("prompt style 'compakt' is unknown")));
}

}  // namespace
}  // namespace relatum::testing
