// INCEpTION's WebAnno TSV 3: spans over several tokens, several layers, relations between spans.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <unordered_map>

#include "base/atomic_file.h"
#include "base/printable.h"
#include "io/text_file.h"
#include "task/dataset.h"
#include "task/webanno_table.h"

namespace relatum::task {
namespace {

using Layer = WebannoLayer;

constexpr std::string_view kToken = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token";

/// Layers of grammar, which every token may have: they are no entities.
bool of_grammar(std::string_view layer) {
  for (const char* room : {"lexmorph.", "segmentation.", "syntax."}) {
    if (layer.starts_with(std::string("de.tudarmstadt.ukp.dkpro.core.api.") + room)) return true;
  }
  return false;
}

std::string short_name(std::string_view layer) {
  return std::string(layer.substr(layer.rfind('.') + 1));  // npos + 1 is 0
}

constexpr std::string_view kRole = "ROLE_";

/// What tells that an annotation is there, and its name.
struct Naming {
  size_t feature = 0;
  /// The feature is one of slots, with the roles of what fills them: it names nothing.
  bool slots = false;
};

/// "value" or "label", else the first feature. Features of slots have two columns: the roles, and
/// what fills them, by its type; where there are no others, the first of them.
Naming naming_of(const Layer& layer) {
  for (const char* name : {"value", "label", "Value", "Label"}) {
    const auto at = std::find(layer.features.begin(), layer.features.end(), name);
    if (at != layer.features.end()) return {size_t(at - layer.features.begin())};
  }
  for (size_t i = 0; i < layer.features.size(); ++i) {
    if (!layer.features[i].starts_with(kRole)) return {i};
    ++i;
  }
  return {0, !layer.features.empty()};
}

class Builder {
 public:
  Builder(const WebannoFile& file, RowSink& rows) : file_(file), rows_(rows) {
    for (size_t i = 0; i < file.units.size(); ++i) unit_index_.emplace(file.units[i].id, i);
    for (const Layer& layer : file.layers) choose(layer);
  }

  Document build(std::string id) {
    document_.id = std::move(id);
    document_.line = 1;
    document_.text = file_.text;
    for (const WebannoUnit& unit : file_.units) {
      for (const Layer* layer : spans_) read_spans(*layer, unit);
    }
    for (Made& made : made_) {
      if (made.piece.start == made.piece.end) {
        rows_.odd("annotations of no characters are passed over", made.line);
        made.id.clear();
        continue;
      }
      document_.entities.push_back({made.id, {made.piece.start, made.piece.end, made.type}});
    }
    for (const WebannoUnit& unit : file_.units) {
      for (const Layer* layer : relations_) read_relations(*layer, unit);
    }
    return std::move(document_);
  }

 private:
  struct Made {
    std::string id, type;
    Piece piece;
    int64_t line = 0;
  };

  void choose(const Layer& layer) {
    const std::string name = printable_start(layer.name, 80);
    if (layer.kind == Layer::Kind::kChain) {
      return rows_.odd(fmt::format("the chains of layer {} are passed over", name), 1);
    }
    if (of_grammar(layer.name)) {
      return rows_.odd(fmt::format("layer {} is passed over, as grammar", name), 1);
    }
    if (layer.kind == Layer::Kind::kRelation) {
      if (layer.base.empty()) {
        return rows_.odd(fmt::format("relation layer {} names no layer that it stands on (BT_…), "
                                     "and is passed over",
                                     name),
                         1);
      }
      relations_.push_back(&layer);
      return;
    }
    for (const std::string& feature : layer.features) {
      if (feature.starts_with(kRole)) {
        rows_.odd(fmt::format("the slots of layer {} are passed over", name), 1);
      }
    }
    spans_.push_back(&layer);
  }

  /// Where an annotation is found again: by its number within the layer, else by its unit.
  static std::string key(const std::string& layer, const std::string& unit, int64_t number) {
    return number > 0 ? fmt::format("{}\n{}", layer, number) : layer + "\n@" + unit;
  }

  size_t make(const std::string& where, const std::string& type, const WebannoUnit& unit) {
    const auto [at, fresh] = index_.emplace(where, made_.size());
    if (fresh) {
      made_.push_back({fmt::format("T{}", made_.size() + 1), type, unit.place, unit.line});
      return at->second;
    }
    Piece& piece = made_[at->second].piece;
    piece.start = std::min(piece.start, unit.place.start);
    piece.end = std::max(piece.end, unit.place.end);
    return at->second;
  }

  void read_spans(const Layer& layer, const WebannoUnit& unit) {
    const Naming naming = naming_of(layer);
    const size_t column = layer.first_column + naming.feature;
    std::vector<WebannoValue> names = webanno_values(unit.cells[column]);
    // Where no slot is set, the column of what fills them says that the annotation is there.
    const bool unset = naming.slots && names.empty() && naming.feature + 1 < layer.features.size();
    if (unset && unit.cells[column + 1] == "*") names.emplace_back();
    for (const WebannoValue& value : names) {
      make(key(layer.name, unit.id, value.number),
           naming.slots || value.value.empty() ? short_name(layer.name) : value.value, unit);
    }
  }

  /// "1-1[0_1]": the unit, and the numbers of the source and of the target, which stands here.
  static bool parse_reference(const std::string& text, std::string& unit, int64_t& source,
                              int64_t& target) {
    const size_t open = text.find('[');
    unit = text.substr(0, open);
    source = target = 0;
    if (open == text.npos) return !unit.empty();
    return std::sscanf(text.c_str() + open, "[%18ld_%18ld]", &source, &target) == 2;
  }

  /// The id of an entity at a unit; "" where there is none. Tokens become entities where relations
  /// stand on them.
  std::string end_of(const std::string& layer, const std::string& unit, int64_t number) {
    if (layer == kToken) {
      const auto at = unit_index_.find(unit);
      if (at == unit_index_.end()) return "";
      const size_t before = made_.size();
      const size_t made = make(key(layer, unit, 0), "", file_.units[at->second]);
      if (made == before) {
        document_.entities.push_back(
            {made_[made].id, {made_[made].piece.start, made_[made].piece.end, ""}});
      }
      return made_[made].id;
    }
    const auto at = index_.find(key(layer, unit, number));
    return at == index_.end() ? "" : made_[at->second].id;
  }

  void read_relations(const Layer& layer, const WebannoUnit& unit) {
    const std::vector<std::string> sources = webanno_stack(unit.cells[layer.reference_column]);
    if (sources.empty()) return;
    std::vector<WebannoValue> names;
    if (!layer.features.empty()) {
      names = webanno_values(unit.cells[layer.first_column + naming_of(layer).feature]);
    }
    for (size_t i = 0; i < sources.size(); ++i) {
      std::string source_unit;
      int64_t source = 0, target = 0;
      if (!parse_reference(sources[i], source_unit, source, target)) {
        rows_.bad(unit.line, fmt::format("'{}' is no reference to a unit, as 1-3 or 1-3[1_2]",
                                         printable_start(sources[i], 40)));
        continue;
      }
      const std::string head = end_of(layer.base, source_unit, source);
      const std::string tail = end_of(layer.base, unit.id, target);
      if (head.empty() || tail.empty()) {
        rows_.bad(unit.line,
                  fmt::format("the relation '{}' of unit {} names an annotation of {} that is not "
                              "there",
                              printable_start(sources[i], 40), printable_start(unit.id, 20),
                              printable_start(layer.base, 80)));
        continue;
      }
      const std::string label = i < names.size() ? names[i].value : "";
      document_.relations.push_back({head, tail, label.empty() ? short_name(layer.name) : label});
    }
  }

  const WebannoFile& file_;
  RowSink& rows_;
  Document document_;
  std::vector<const Layer*> spans_, relations_;
  std::vector<Made> made_;
  std::unordered_map<std::string, size_t> index_, unit_index_;
};

void read_bytes(std::string_view bytes, const std::string& id, RowSink& rows) {
  const std::optional<WebannoFile> file = read_webanno(bytes, rows);
  if (!file) return;
  if (file->text.empty()) return rows.odd("documents without a sentence are passed over", 1);
  rows.add_document(Builder(*file, rows).build(id));
}

void read(std::string_view bytes, RowSink& rows) { read_bytes(bytes, "", rows); }

void read_one(const std::filesystem::path& file, const std::string& id, RowSink& rows) {
  const std::string bytes = relatum::read_file(file);
  read_bytes(io::without_mark(bytes), id, rows);
}

bool sniff(std::string_view, std::string_view first) {
  return first.starts_with("#FORMAT=WebAnno TSV");
}

}  // namespace

const DatasetFormat& dataset_webanno() {
  static const DatasetFormat format = {
      .name = "webanno",
      .description = "INCEpTION's WebAnno TSV 3.3, a file or a folder of such files",
      .sniff = sniff,
      .read = read,
      .documents = true,
      .ending = ".tsv",
      .read_file = read_one};
  return format;
}

}  // namespace relatum::task
