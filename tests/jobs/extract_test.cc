// Extraction as a library's user has it: blocks, parts that are gone on with, rows that come later.
#include "jobs/extract.h"

#include <functional>
#include <istream>
#include <streambuf>

#include "base/error.h"
#include "desk.h"
#include "jobs/extract_blocks.h"

namespace relatum::testing {
namespace {

constexpr int64_t kRows = 2 * int64_t(jobs::kExtractBlock) + 300;

class ExtractJob : public Desk {
 protected:
  // More than two blocks, answered at once, as jsonl.
  std::string whole() {
    write_rows("many.jsonl", many(kRows));
    jobs::ExtractOptions options = ask("whole.jsonl");
    options.input = path("many.jsonl");
    EXPECT_TRUE(jobs::extract(options, host_).finished);
    return read("whole.jsonl");
  }
  // Stops once `rows` rows at least are answered, then goes on until the end.
  void expect_same_when_stopped_at(const std::vector<int64_t>& rows, const std::string& want,
                                   jobs::ExtractOptions options) {
    for (const int64_t at : rows) {
      host_.context.progress = [this, at](const Progress& p) { stop_ = p.done >= double(at); };
      const auto stopped = jobs::extract(options, host_);
      EXPECT_FALSE(stopped.finished);
      EXPECT_GE(stopped.progress.rows, at);
      EXPECT_LT(stopped.progress.rows, at + 200);
      EXPECT_FALSE(fs::exists(options.out));
      stop_ = false;
      options.resume = true;
    }
    host_.context.progress = nullptr;
    EXPECT_TRUE(jobs::extract(options, host_).finished);
    EXPECT_EQ(read_file(options.out), want);
    EXPECT_FALSE(fs::exists(options.out + ".part"));
    EXPECT_FALSE(fs::exists(options.out + ".part.json"));
  }
};

TEST_F(ExtractJob, LoadingIsToldFromASecondOn) {
  jobs::extract(ask("answers.jsonl"), host_);
  std::string told;
  for (const std::string& line : lines_) told += line + "\n";
  EXPECT_THAT(told, HasSubstr("10 sentences answered in "));
  EXPECT_THAT(told, ::testing::Not(HasSubstr("after 0 s")));
}

TEST_F(ExtractJob, APartIsGoneOnWithToTheSameBytes) {
  const std::string want = whole();
  jobs::ExtractOptions options = ask("p.jsonl");
  options.input = path("many.jsonl");
  // Within a block, at the end of one, in the last.
  expect_same_when_stopped_at({100, 700, 1000, 1900, 2050}, want, options);
  const json record = json::parse(read("p.jsonl.run.json"));
  EXPECT_EQ(record["examples"], kRows);
}

TEST_F(ExtractJob, EveryWayOfAnsweringGoesOnWhereABatchEnded) {
  write_rows("many.jsonl", many(300));
  for (const char* answer : {"scored", "shares", "constrained", "free"}) {
    SCOPED_TRACE(answer);
    jobs::ExtractOptions options = ask("want.csv");
    options.input = path("many.jsonl");
    options.answer = answer;
    options.max_new_tokens = 4;
    options.skip_negative = true;
    options.overwrite = true;
    ASSERT_TRUE(jobs::extract(options, host_).finished);
    options.out = path(std::string(answer) + ".csv");
    options.overwrite = false;
    expect_same_when_stopped_at({60, 150}, read("want.csv"), options);
  }
}

TEST_F(ExtractJob, GoesOnOnlyWithTheSameSettingsAndData) {
  write_rows("many.jsonl", many(300));
  jobs::ExtractOptions options = ask("p.jsonl");
  options.input = path("many.jsonl");
  host_.context.progress = [this](const Progress&) { stop_ = true; };
  ASSERT_FALSE(jobs::extract(options, host_).finished);
  stop_ = false;
  host_.context.progress = nullptr;
  options.resume = true;
  const auto refused = [&](const std::string& part, const jobs::ExtractOptions& other) {
    EXPECT_THAT([&] { jobs::extract(other, host_); }, ThrowsMessage<Error>(HasSubstr(part)));
  };
  auto other = options;
  other.answer = "shares";
  refused("--answer ('scored', now 'shares')", other);
  other = options;
  other.scores = true;
  refused("--scores", other);
  other = options;
  other.prompt = write("other.txt", "{{text}} {{head}} {{tail}}");
  refused("the prompt style", other);
  other = options;
  other.resume = false;
  refused("holds an unfinished extraction", other);
  write_rows("many.jsonl", many(299));
  refused("--data", options);
  other.overwrite = true;  // begins anew
  EXPECT_TRUE(jobs::extract(other, host_).finished);
  refused("nothing left to resume", options);
  fs::remove(path("p.jsonl"));
  refused("there is no", options);
}

TEST_F(ExtractJob, StandardStreamsCannotBeGoneOnWith) {
  jobs::ExtractOptions options = ask();
  options.resume = true;
  EXPECT_THAT([&] { jobs::extract(options, host_); },
              ThrowsMessage<Error>(HasSubstr("standard output")));
  options = ask("p.jsonl");
  options.input = "-";
  options.resume = true;
  EXPECT_THAT([&] { jobs::extract(options, host_); },
              ThrowsMessage<Error>(HasSubstr("standard input")));
}

// Gives one line at a time, and tells before each that it waits.
class SlowInput : public std::streambuf {
 public:
  SlowInput(std::vector<std::string> lines, std::function<void()>& waits)
      : lines_(std::move(lines)), waits_(waits) {}

 private:
  int_type underflow() override {
    if (waits_) waits_();
    if (next_ == lines_.size()) return traits_type::eof();
    std::string& line = lines_[next_++];
    setg(line.data(), line.data(), line.data() + line.size());
    return traits_type::to_int_type(line[0]);
  }
  std::vector<std::string> lines_;
  std::function<void()>& waits_;
  size_t next_ = 0;
};

class PipedRows : public ExtractJob {
 protected:
  // `answered[i]`: lines of output when the input waited after i of `lines`.
  void extract(const std::vector<std::string>& lines, jobs::ExtractOptions options) {
    std::function<void()> told;
    std::function<void()> waits = [&] {
      if (told) told();
      answered_.push_back(std::count(out_.begin(), out_.end(), '\n'));
    };
    SlowInput buffer(lines, waits);
    std::istream input(&buffer);
    input.exceptions(std::ios::badbit);
    host_.input = &input;
    host_.before_input_waits = [&](std::function<void()> next) { told = std::move(next); };
    options.input = "-";
    jobs::extract(options, host_);
  }
  jobs::ExtractOptions with_labels() {
    jobs::ExtractOptions options = ask();
    options.data.labels = write("labels.json", json(kLabels).dump());
    return options;
  }
  static std::vector<std::string> lines() {
    std::vector<std::string> lines;
    for (const json& row : corpus()) lines.push_back(row.dump() + "\n");
    return lines;
  }
  std::vector<int64_t> answered_;
};

TEST_F(PipedRows, AreAnsweredAsTheyCome) {
  extract(lines(), with_labels());
  EXPECT_EQ(answered_, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST_F(PipedRows, AreReadFirstWhereTheirLabelsAreTheInventory) {
  extract(lines(), ask());
  EXPECT_EQ(answered_.back(), 0);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 10);
}

TEST_F(PipedRows, BeforeAMalformedOneAreAnswered) {
  std::vector<std::string> all = lines();
  std::string first = all[0] + all[1] + "{\"text\": 3}\n" + all[2];  // in one piece
  EXPECT_THAT([&] { extract({first}, with_labels()); },
              ThrowsMessage<Error>(HasSubstr("standard input:3")));
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 2);
}

TEST_F(PipedRows, BehindALimitAreNotWaitedFor) {
  jobs::ExtractOptions options = with_labels();
  options.data.limit = 4;
  extract(lines(), options);
  EXPECT_EQ(answered_, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 4);
}

TEST_F(PipedRows, ThatComeAsAnArrayAreRowsToo) {
  json rows = json::array();
  for (const json& row : corpus()) rows.push_back(row);
  extract({rows.dump(1)}, with_labels());
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 10);
}

TEST_F(ExtractJob, RowsThatAreTooLongHaveTheirPlace) {
  std::vector<json> rows = many(40);
  std::string endless;
  for (int i = 0; i < 400; ++i) endless += " very";
  for (const size_t i : {0u, 17u, 39u}) {
    rows[i]["text"] = rows[i]["text"].get<std::string>() + endless;
  }
  write_rows("rows.jsonl", rows);
  EXPECT_THAT([&] { jobs::extract(ask("p.jsonl"), host_); },
              ThrowsMessage<Error>(HasSubstr("rows.jsonl:1: example 'r0' takes")));
  EXPECT_FALSE(there("p.jsonl.part"));
  jobs::ExtractOptions options = ask("p.jsonl");
  options.data.skip_bad_rows = true;
  const auto result = jobs::extract(options, host_);
  EXPECT_EQ(result.progress.too_long, 3);
  const auto answers = json_lines(read("p.jsonl"));
  ASSERT_EQ(answers.size(), 40u);
  for (size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i]["id"], rows[i]["id"]);
    EXPECT_EQ(answers[i]["label"].is_null(), i == 0 || i == 17 || i == 39) << i;
  }
  EXPECT_THAT(warnings_.back(), HasSubstr("3 rows are too long"));
}

TEST_F(ExtractJob, TwoJobsDoNotWriteOneFile) {
  jobs::ExtractOptions options = ask("p.jsonl");
  std::string second;
  host_.context.progress = [&](const Progress&) {
    if (!second.empty()) return;
    jobs::Host other;
    auto again = options;
    again.overwrite = true;
    try {
      jobs::extract(again, other);
      second = "was not told";
    } catch (const Error& error) {
      second = error.what();
    }
  };
  EXPECT_TRUE(jobs::extract(options, host_).finished);
  EXPECT_THAT(second, HasSubstr("is being written by another command"));
}

}  // namespace
}  // namespace relatum::testing
