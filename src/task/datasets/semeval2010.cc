// SemEval-2010 Task 8's text format: number, quoted sentence with <e1> and <e2>, label, comment.
#include "io/text_file.h"
#include "task/dataset.h"
#include "task/raw_row.h"
#include "task/semeval_scorer.h"

namespace relatum::task {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Length of the number that a sentence line starts with; 0 where it is another kind of line.
size_t number_length(std::string_view line) {
  size_t digits = 0;
  while (digits < line.size() && is_digit(line[digits])) ++digits;
  return digits > 0 && digits < line.size() && line[digits] == '\t' ? digits : 0;
}

std::string_view without_quotes(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
  return text.substr(1, text.size() - 2);
}

/// Collects the lines of one record and hands it over when the next one starts.
class Reader {
 public:
  explicit Reader(RowSink& rows) : rows_(rows) {}

  void take(std::string_view line, int64_t number) {
    if (line.find_first_not_of(" \t") == line.npos) return finish();
    if (const size_t digits = number_length(line)) {
      finish();
      start(line, digits, number);
    } else if (state_ == State::kSentence && !line.starts_with("Comment")) {
      example_.label = std::string(line.substr(0, line.find_last_not_of(" \t") + 1));
      state_ = State::kLabel;
    } else if (state_ == State::kSentence) {
      broken("a comment follows the sentence where its label should stand", number);
    } else if (state_ == State::kLabel && line.starts_with("Comment")) {
      state_ = State::kComment;
    } else if (state_ != State::kBroken) {
      broken("expected a number, a tab and a sentence", number);
    }
  }

  void finish() {
    if (state_ != State::kNone && state_ != State::kBroken) rows_.add(std::move(example_));
    state_ = State::kNone;
    example_ = {};
  }

 private:
  enum class State { kNone, kSentence, kLabel, kComment, kBroken };

  void start(std::string_view line, size_t digits, int64_t number) {
    example_.id = line.substr(0, digits);
    example_.line = number;
    state_ = State::kSentence;
    const size_t end = line.find_last_not_of(" \t") + 1;
    const std::string_view sentence = end > digits + 1 ? line.substr(digits + 1, end - digits - 1)
                                                       : "";
    const std::string problem = take_marks(without_quotes(sentence), example_);
    if (!problem.empty()) broken(problem, number);
  }

  void broken(const std::string& problem, int64_t number) {
    state_ = State::kBroken;  // first: the next line throws unless bad rows are skipped
    rows_.bad(number, problem);
  }

  RowSink& rows_;
  State state_ = State::kNone;
  Example example_;
};

void read(std::string_view bytes, RowSink& rows) {
  Reader reader(rows);
  io::for_lines(bytes, [&](std::string_view line, int64_t number) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    reader.take(line, number);
  });
  reader.finish();
}

bool sniff(std::string_view, std::string_view first) {
  if (number_length(first.substr(0, first.find('\n'))) == 0) return false;
  for (const char* label : {"\nper:", "\norg:", "\nno_relation"}) {  // KBP37's
    if (first.find(label) != first.npos) return false;
  }
  return true;
}

}  // namespace

const DatasetFormat& dataset_semeval2010() {
  static const DatasetFormat format = {
      "semeval2010",
      "SemEval-2010 Task 8: TRAIN_FILE.TXT, TEST_FILE_FULL.TXT, TEST_FILE_CLEAN.TXT",
      semeval_labels,
      sniff,
      read,
      "semeval_macro"};
  return format;
}

}  // namespace relatum::task
