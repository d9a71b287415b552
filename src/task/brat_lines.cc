// Entities first: relations and events may stand before what they name.
#include "task/brat_lines.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "base/code_points.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "io/text_file.h"
#include "task/brat_form.h"
#include "task/brat_mention.h"
#include "task/clusters.h"
#include "task/fields.h"
#include "task/json_document.h"
#include "task/offsets.h"

namespace relatum::task {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";  // of byte order, in UTF-8

std::string shown(std::string_view text) { return printable_start(text, 40); }

/// A note of our own writer's.
struct Note {
  std::string target;
  nlohmann::json value;
};

/// The entities that an Equiv line names.
struct Group {
  std::vector<size_t> members;
  std::string name;
};

struct Line {
  std::string_view text;
  int64_t number = 0;
};

class Reader {
 public:
  Reader(std::string_view text, RowSink& rows)
      : raw_(text), points_(io::without_mark(text)), rows_(rows) {
    document_.text = points_.text();
  }

  void read(std::string_view annotation, std::string id) {
    document_.id = std::move(id);
    document_.line = 1;
    int64_t count = 0;
    for (std::string_view line : brat_parts(annotation, '\n', true)) {
      ++count;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (count == 1) line = io::without_mark(line);
      if (line.find_first_not_of(" \t") != line.npos) take({line, count});
    }
    place_mentions();
    for (const Line& line : notes_) read_note(line);
    for (const Line& line : events_) guarded(line, [&] { name_event(line); });
    for (const Line& line : events_) guarded(line, [&] { read_event(line); });
    for (const Line& line : relations_) guarded(line, [&] { read_relation(line); });
    for (const Line& line : equivalences_) guarded(line, [&] { read_equivalence(line); });
    guarded({"", 1}, [&] { apply_notes(); });
    unite_clusters();
    rows_.add_document(std::move(document_));
  }

 private:
  template <class Action>
  void guarded(const Line& line, const Action& action) {
    std::optional<Error> problem;
    try {
      action();
    } catch (const Error& error) {
      problem = error;
    }
    if (problem) rows_.bad(line.number, *problem);
  }

  void take(const Line& line) {
    if (const std::string odd = io::encoding_problem(line.text, false); !odd.empty()) {
      return rows_.bad_bytes(line.number, odd);
    }
    switch (line.text[0]) {
      case 'T': return guarded(line, [&] { read_mention(line); });
      case 'R': relations_.push_back(line); return;
      case 'E': events_.push_back(line); return;
      case '*': equivalences_.push_back(line); return;
      case '#':
        if (line.text.find(fmt::format("\t{} ", kBratNote)) != line.text.npos) {
          notes_.push_back(line);
        } else {
          rows_.odd("notes of annotators (# lines) are passed over", line.number);
        }
        return;
      case 'A':
      case 'M': rows_.odd("attributes (A and M lines) are passed over", line.number); return;
      case 'N': rows_.odd("normalisations (N lines) are passed over", line.number); return;
      default:
        rows_.bad(line.number,
                  fmt::format("'{}' is no line of brat's: expected T, R, E, A, M, N, # or * and a "
                              "number",
                              shown(line.text)));
    }
  }

  void read_mention(const Line& line) {
    BratMention mention = parse_mention(line.text, line.number);
    if (mention.pieces.empty()) {
      rows_.odd("annotations of no characters are passed over", line.number);
      ends_.emplace(mention.id, "");
      return;
    }
    mentions_.push_back(std::move(mention));
  }

  /// Finds how the file counts, by the texts that it quotes.
  void place_mentions() {
    std::vector<QuotedSpan> spans;
    for (const BratMention& mention : mentions_) {
      for (const Piece& piece : mention.pieces) {
        spans.push_back({piece.start, piece.end, mention.pieces.size() == 1 ? mention.quoted : ""});
      }
    }
    const bool marked = raw_.starts_with(kMark);
    const bool mark_counts = marked &&
                             counting_of(raw_, spans, {Counting::kCodePoints}, quotes_mention);
    const std::string_view text = mark_counts ? raw_ : std::string_view(document_.text);
    const auto fits = counting_of(text, spans,
                                  {Counting::kCodePoints, Counting::kCrlfIsOne, Counting::kUtf16},
                                  quotes_mention);
    const Counting counting = fits.value_or(Counting::kCodePoints);
    if (counting != Counting::kCodePoints) {
      rows_.odd(fmt::format("offsets that fit their texts only as {}", counting_name(counting)), 1);
    }
    const CountedPlaces places(text, counting);
    for (const BratMention& mention : mentions_) {
      const Line line = {"", mention.line};
      guarded(line, [&] { place(mention, places, mark_counts ? 1 : 0); });
    }
  }

  void place(const BratMention& mention, const CountedPlaces& places, int64_t shift) {
    std::vector<Piece> pieces;
    std::string there;
    for (const Piece& piece : mention.pieces) {
      const auto start = places.code_point(piece.start), end = places.code_point(piece.end);
      if (!start || !end) {
        fail("task.brat", fmt::format("{} reaches from {} to {}, and the text has {} characters",
                                      shown(mention.id), piece.start, piece.end, places.length()));
      }
      if (*start < shift) fail("task.brat", shown(mention.id) + " begins within the text's mark");
      pieces.push_back({*start - shift, *end - shift});
      there += (there.empty() ? "" : " ");
      there += points_.slice(*start - shift, *end - shift);
    }
    if (!mention.quoted.empty() && !quotes_mention(there, mention.quoted)) {
      fail("task.brat",
           fmt::format("{} is '{}' in the text, and the line says '{}': its offsets count other "
                       "characters, or the text was changed",
                       shown(mention.id), shown(there), shown(mention.quoted)));
    }
    if (!ends_.emplace(mention.id, mention.id).second) {
      fail("task.brat", fmt::format("{} stands there twice", shown(mention.id)));
    }
    index_[mention.id] = document_.entities.size();
    document_.entities.push_back(entity_of(mention.id, mention.type, std::move(pieces)));
  }

  /// "Theme2:T3" as role and entity; an event stands for its trigger. The entity is "" where it has
  /// no characters.
  std::pair<std::string, std::string> argument(std::string_view word, const std::string& id) {
    const size_t colon = word.rfind(':');
    if (colon == word.npos) {
      fail("task.brat", fmt::format("{}: expected ROLE:ID, got '{}'", id, shown(word)));
    }
    const auto end = ends_.find(std::string(word.substr(colon + 1)));
    if (end == ends_.end()) {
      fail("task.brat",
           fmt::format("{} names {}, which is not there", id, shown(word.substr(colon + 1))));
    }
    return {from_percent(word.substr(0, colon)), end->second};
  }

  std::vector<std::string_view> words(const Line& line, std::string& id, size_t least,
                                      const char* expected) {
    const auto parts = brat_parts(line.text, '\t', true);
    id = shown(parts[0]);
    auto all = parts.size() > 1 ? brat_parts(parts[1], ' ', false)
                                : std::vector<std::string_view>{};
    if (all.size() < least) fail("task.brat", fmt::format("{}: expected {}", id, expected));
    return all;
  }

  void name_event(const Line& line) {
    std::string id;
    const auto all = words(line, id, 1, "TYPE:TRIGGER and its arguments");
    ends_[std::string(line.text.substr(0, line.text.find('\t')))] = argument(all[0], id).second;
  }

  bool lacks_an_end(const std::string& head, const std::string& tail, const Line& line) {
    if (!head.empty() && !tail.empty()) return false;
    rows_.odd("relations of annotations of no characters are passed over", line.number);
    return true;
  }

  void read_event(const Line& line) {
    std::string id;
    const auto all = words(line, id, 1, "TYPE:TRIGGER and its arguments");
    if (!ends_.contains(std::string(line.text.substr(0, line.text.find('\t'))))) return;  // told
    const std::string trigger = argument(all[0], id).second;
    for (size_t i = 1; i < all.size(); ++i) {
      auto [role, entity] = argument(all[i], id);
      if (lacks_an_end(trigger, entity, line)) continue;
      while (role.size() > 1 && role.back() >= '0' && role.back() <= '9') role.pop_back();
      document_.relations.push_back({trigger, entity, role});
    }
    rows_.odd("events (E lines) are read as relations from the trigger to each argument",
              line.number);
  }

  void read_relation(const Line& line) {
    std::string id;
    const auto all = words(line, id, 3, "TYPE Arg1:ID Arg2:ID");
    if (all.size() > 3) fail("task.brat", id + ": a relation has two arguments");
    auto head = argument(all[1], id), tail = argument(all[2], id);
    if (head.first == "Arg2" && tail.first == "Arg1") std::swap(head, tail);
    if (lacks_an_end(head.second, tail.second, line)) return;
    document_.relations.push_back({head.second, tail.second, from_percent(all[0])});
    relation_index_[std::string(line.text.substr(0, line.text.find('\t')))] =
        document_.relations.size() - 1;
  }

  void read_equivalence(const Line& line) {
    std::string id;
    const auto all = words(line, id, 2, "Equiv and its members");
    if (all[0] != "Equiv") {
      rows_.odd("lines with * that are no Equiv are passed over", line.number);
      return;
    }
    Group group = {{}, fmt::format("equiv-{}", line.number)};
    for (size_t i = 1; i < all.size(); ++i) {
      const std::string member(all[i]);
      const auto at = index_.find(member);
      if (at != index_.end()) {
        group.members.push_back(at->second);
      } else if (const auto end = ends_.find(member); end == ends_.end() || !end->second.empty()) {
        fail("task.brat", fmt::format("an Equiv names {}, which is not there", shown(all[i])));
      }
    }
    groups_.push_back(std::move(group));
  }

  /// Clusters that notes name and those of Equiv lines, which may share members.
  void unite_clusters() {
    Clusters clusters(document_.entities.size());
    std::unordered_map<std::string, size_t> first;
    for (size_t i = 0; i < document_.entities.size(); ++i) {
      const std::string& name = document_.entities[i].cluster;
      if (!name.empty()) clusters.unite({first.emplace(name, i).first->second, i}, name);
    }
    for (const Group& group : groups_) clusters.unite(group.members, group.name);
    for (size_t i = 0; i < document_.entities.size(); ++i) {
      document_.entities[i].cluster = clusters.name_of(i);
    }
  }

  void read_note(const Line& line) {
    const auto parts = brat_parts(line.text, '\t', true);
    if (parts.size() < 3) return;
    const auto target = brat_parts(parts[1], ' ', false);
    if (target.size() != 2) return;
    guarded(line, [&] {
      kept_.push_back({std::string(target[1]), io::parse_json(parts[2], "the note")});
    });
  }

  /// An entity that brat has in other pieces than ours, as line ends lie within; one that was moved
  /// since stays where it is.
  void restore_pieces(const nlohmann::json& note, Entity& entity) {
    if (!io::find(note, "pieces")) return;
    const auto pieces = parse_pieces(io::require_array(note, "pieces", "the note"), "the note");
    if (pieces.empty()) return;
    Entity kept = entity_of(entity.id, entity.span.type, pieces);
    if (kept.span.start < 0 || kept.span.end > points_.length()) return;
    if (brat_pieces(points_, kept) != pieces_of(entity)) return;
    entity.span = kept.span;
    entity.pieces = std::move(kept.pieces);
  }

  /// What our own writer kept in notes; of notes that do not have its form nothing is taken.
  void apply_notes() {
    std::map<std::string, std::string> renamed;
    for (const Note& kept : kept_) {
      const std::string& target = kept.target;
      const nlohmann::json& note = kept.value;
      if (target == "*") {
        document_.unlabelled = io::find(note, "unlabelled") != nullptr;
        document_.pair = io::find(note, "pair") != nullptr;
      }
      if (const auto at = index_.find(target); at != index_.end()) {
        Entity& entity = document_.entities[at->second];
        const auto text = [&](const char* key, std::string& value) {
          const nlohmann::json* given = io::find(note, key);
          if (given && given->is_string()) value = given->get<std::string>();
        };
        text("type", entity.span.type);
        text("cluster", entity.cluster);
        const nlohmann::json* sure = io::find(note, "probability");
        if (sure && sure->is_number()) entity.probability = parse_probability(note, "the note");
        restore_pieces(note, entity);
        std::string id;
        text("id", id);
        if (!id.empty()) renamed[target] = id;
      }
      const auto relation = relation_index_.find(target);
      const nlohmann::json* evidence = io::find(note, "evidence");
      if (relation == relation_index_.end() || !evidence || !evidence->is_array()) continue;
      for (const nlohmann::json& each : *evidence) {
        const std::vector<int64_t> ends = whole_numbers(each, "evidence");
        if (ends.size() != 2) continue;
        document_.relations[relation->second].evidence.push_back({ends[0], ends[1]});
      }
    }
    const auto rename = [&](std::string& id) {
      if (const auto at = renamed.find(id); at != renamed.end()) id = at->second;
    };
    for (Entity& entity : document_.entities) rename(entity.id);
    for (Relation& relation : document_.relations) {
      rename(relation.head);
      rename(relation.tail);
    }
  }

  std::string_view raw_;
  CodePoints points_;  // of the text without its mark
  RowSink& rows_;
  Document document_;
  std::vector<BratMention> mentions_;
  std::vector<Line> relations_, events_, equivalences_, notes_;
  std::unordered_map<std::string, std::string> ends_;  // T and E ids to the entity they stand for
  std::unordered_map<std::string, size_t> index_, relation_index_;
  std::vector<Note> kept_;
  std::vector<Group> groups_;
};

}  // namespace

void read_brat(std::string_view text, std::string_view annotation, std::string id, RowSink& rows) {
  if (const std::string odd = io::encoding_problem(text); !odd.empty()) {
    return rows.bad(1, fmt::format("its text {}: expected UTF-8", odd));
  }
  const bool blank = io::without_mark(text).find_first_not_of(" \t\r\n") == text.npos;
  if (blank && annotation.find_first_not_of(" \t\r\n") == annotation.npos) {
    return rows.odd("documents without a text are passed over", 1);
  }
  Reader(text, rows).read(annotation, std::move(id));
}

}  // namespace relatum::task
