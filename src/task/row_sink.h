// Where a dataset's reader puts its rows: good ones are handed on, bad ones stop the job or are
// listed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "task/document.h"
#include "task/example.h"
#include "task/place.h"

namespace relatum::task {

/// A row that was left out, with what was wrong with it.
struct BadRow {
  int64_t line = 0;
  std::string sentence;  ///< without a full stop
  std::string file{};    ///< where the data are of several files: the one that it stands in
  int64_t row = 0;       ///< its number from 1 where the file is one array; else 0
};
inline Place place_of(const BadRow& row) { return {row.file, row.line, row.row}; }

/// The sentence with a full stop, unless it ends with a question.
std::string full_sentence(std::string sentence);
/// What a parser threw, for RowSink::bad(): without its bracket, its full stop and its advice.
std::string bare_sentence(const Error& error);

/// A sound row. `numbered`: its id is its line or number, as the file has none for it.
using TakeRow = std::function<void(Example&& example, bool numbered)>;
/// A sound document; the same.
using TakeDocument = std::function<void(Document&& document, bool numbered)>;

/// Rows of one file. `room` and `file` stand in every message: "[task.csv] a.csv:17: …".
class RowSink {
 public:
  RowSink(std::string room, std::string file, bool skip_bad, TakeRow take)
      : room_(std::move(room)), file_(std::move(file)), skip_bad_(skip_bad),
        take_(std::move(take)) {}

  /// What the file was taken for and why, where nobody named its format: said with a bad row before
  /// a first good one. `others` says how to name another format: said, too, where nothing could be
  /// read.
  void guessed(std::string sentence, std::string others) {
    guess_ = std::move(sentence);
    others_ = std::move(others);
  }

  /// Readers take the field `adapter` of each row, too.
  void read_adapters() { adapters_ = true; }
  bool reads_adapters() const { return adapters_; }
  /// Readers of our own forms take a row with a text alone for a document (task/raw_row.h).
  void read_texts() { texts_ = true; }
  bool reads_texts() const { return texts_; }

  /// Documents are handed on whole instead of their pairs.
  void take_documents(TakeDocument take) { take_document_ = std::move(take); }
  /// How the file's offsets count, where the SPEC says so: "graphemes", "utf16"; else "".
  void offsets(std::string offsets) { offsets_ = std::move(offsets); }
  const std::string& offsets() const { return offsets_; }
  /// Which pairs of documents are examples.
  void pair_rule(PairRule rule) { rule_ = std::move(rule); }
  /// The rows that follow stand in this file of several.
  void in_file(std::string file) { part_ = std::move(file); }
  /// What follows is the row of this number, from 1, of a file that is one array; 0: of lines.
  void at_row(int64_t row) { row_ = row; }
  /// The file that rows are read from now.
  const std::string& file() const { return part_.empty() ? file_ : part_; }

  /// Hands the example on, or reports it by bad() where its spans or its text are not sound. Labels
  /// are given their seen_form (task/forms.h), and an empty one is none. An example without an id
  /// is named by `number`, or where there is none by its line.
  void add(Example example, std::optional<int64_t> number = {});
  /// The same for a document, whose pairs are handed on unless documents are to be taken.
  void add_document(Document document, std::optional<int64_t> number = {});
  /// Throws Error with file and line, or keeps the sentence where bad rows are to be skipped.
  void bad(int64_t line, const std::string& sentence);
  /// The same for what a parser threw, as a bare_sentence().
  void bad(int64_t line, const Error& error);
  /// The same for a row whose bytes are not UTF-8; `odd` is io::encoding_problem()'s.
  void bad_bytes(int64_t line, const std::string& odd);
  /// Throws Error with the file, and the line unless it is 0: what no skipping of rows can mend.
  [[noreturn]] void fatal(const std::string& sentence, int64_t line = 0) const;
  /// Counts a key or column that no reader looks at.
  void unknown_field(const std::string& name, std::span<const std::string> known, int64_t line);
  /// Counts a row with something odd, which is read all the same; `what` is a whole sentence that
  /// ends before its full stop.
  void odd(const std::string& what, int64_t line);

  /// One sentence for each kind of thing that was read over, with counts and first lines.
  std::vector<std::string> warnings() const;
  /// Whether a row was bad for its encoding.
  bool odd_bytes() const { return odd_bytes_; }
  std::vector<BadRow>& bad_rows() { return bad_rows_; }
  /// Of any document, as PairCount has it.
  bool unrelated_left_out() const { return unrelated_left_out_; }
  /// All that guessed() was told; "" once a good row shows that it fits.
  std::string guess() const { return good_ || guess_.empty() ? "" : guess_ + " " + others_; }

 private:
  struct Count {
    int64_t rows = 0;
    std::string first, detail;  // at_place() of the first
  };
  void count(std::map<std::string, Count>& counts, const std::string& key, int64_t line,
             const std::string& detail);
  void settle_labels(Example& example);
  void hand_on(Document&& document, bool numbered);
  void list(int64_t line, const std::string& given, const std::string& advice);

  std::string room_, file_, part_, guess_, others_, offsets_;
  int64_t row_ = 0;
  bool skip_bad_, odd_bytes_ = false, good_ = false, adapters_ = false, texts_ = false,
                  unrelated_left_out_ = false;
  TakeRow take_;
  TakeDocument take_document_;
  PairRule rule_;
  std::vector<BadRow> bad_rows_;
  std::map<std::string, Count> fields_, forms_, odd_;
};

}  // namespace relatum::task
