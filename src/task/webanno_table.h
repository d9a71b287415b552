// The lines of a WebAnno TSV 3 file: its layers, sentences, and units with their cells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "task/offsets.h"
#include "task/row_sink.h"

namespace relatum::task {

/// A layer of the header.
struct WebannoLayer {
  enum class Kind { kSpan, kChain, kRelation };
  Kind kind = Kind::kSpan;
  std::string name;                   ///< "webanno.custom.Relation"
  std::string base;                   ///< of a relation: the layer that it stands on
  std::vector<std::string> features;  ///< of its columns, "" where it has no feature
  size_t first_column = 0;            ///< the column of features[0], from 0 behind the unit's text
  size_t reference_column = 0;        ///< of a relation: the column of its sources
};

/// A token, or a part of one.
struct WebannoUnit {
  std::string id;  ///< "1-3", "1-3.1"
  Piece place;     ///< as the file counts; in code points once it is placed
  std::string text;
  std::vector<std::string> cells;
  int64_t line = 0;
};

struct WebannoFile {
  std::vector<WebannoLayer> layers;
  std::vector<WebannoUnit> units;
  std::string text;
};

/// One of a cell's stacked values: "PER[2]" is the value PER with the number 2.
struct WebannoValue {
  std::string value;   ///< "" for a feature that has none
  int64_t number = 0;  ///< 0: none
};

/// Parses a file and puts its text together again: between sentences, where the file has nothing,
/// stand blanks and a line end. Offsets are UTF-16 units; where they fit the units' texts only as
/// code points, that is told. Bad lines go to rows.bad(), and so does a first line of no such file,
/// of which nothing is read.
std::optional<WebannoFile> read_webanno(std::string_view bytes, RowSink& rows);
/// A cell's values; none for "_".
std::vector<WebannoValue> webanno_values(std::string_view cell);
/// A cell of references, "1-1[0_1]|1-3", as they are written.
std::vector<std::string> webanno_stack(std::string_view cell);

}  // namespace relatum::task
