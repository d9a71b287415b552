// Names with types and ids, and where they stand in a text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "task/document.h"

namespace relatum::graph {

struct GazetteerRules {
  /// Names with more letters than this are found in any case, shorter ones as they are written.
  /// 0: all in any case; a negative number: none.
  int64_t ignore_case_above = 8;
  bool fold_accents = false;  ///< "Zurich" is "Zürich": marks U+0300 to U+036F do not count
  bool skip_bad_rows = false;
};

/// A name in a text. The views are into the text and the gazetteer.
struct GazetteerMatch {
  task::Piece span;       ///< in code points of the text
  std::string_view text;  ///< that stretch of it
  std::string_view name;  ///< as the gazetteer writes it
  std::string_view type;
  std::string_view id;  ///< empty where the gazetteer gives none
};

/// Finds names of one or several words. Names and texts are compared word by word, by the rules
/// of name_words.h. Reading is done once; find() may be called by several threads.
class Gazetteer {
 public:
  explicit Gazetteer(const GazetteerRules& rules = {});
  ~Gazetteer();
  Gazetteer(Gazetteer&&) noexcept;

  /// Adds a name, with one type and id; of several that are compared alike all are kept, those that
  /// stand there twice once. Gives what is wrong with it, and then adds nothing, or "": no letter,
  /// digit or symbol in the name, more than kMostWords words, no type, more than kMostMeanings
  /// types and ids of one name, bytes that are not UTF-8.
  std::string add(std::string_view name, std::string_view type, std::string_view id);
  /// Adds the names of a table (comma, semicolon or tab; docs/your-data.md) with the columns name,
  /// type and, where there are ids, id. Throws Error for a table without these columns or without
  /// names, and for a malformed row, with its line, unless those are to be skipped.
  void read(const std::filesystem::path& table);
  void read_text(std::string_view table, const std::string& name);

  /// Matches in the order of the text. Of names that overlap the longest one is told, in code
  /// points of the text, of equally long ones the earlier; all types and ids of a name, in the
  /// order in which they were added. Words of a name may be parted by blanks and a line end, not by
  /// an empty line or a tab. `text` is valid UTF-8. Time is linear in the text, for names of at
  /// most kMostWords words; sorting is within stretches of overlapping names.
  std::vector<GazetteerMatch> find(std::string_view text) const;

  int64_t names() const;    ///< names that are compared differently
  int64_t entries() const;  ///< names with types and ids
  std::set<std::string> types() const;
  uint64_t memory_bytes() const;  ///< what is held
  const std::vector<std::string>& bad_rows() const;
  const std::vector<std::string>& notes() const;  ///< columns that are not read

  static constexpr size_t kMostWords = 64;
  static constexpr size_t kMostMeanings = 100;

 private:
  struct Names;
  std::unique_ptr<Names> names_;
};

}  // namespace relatum::graph
