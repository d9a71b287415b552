// brat's files, each pair written once its document is whole.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "task/brat_form.h"
#include "task/convert.h"
#include "task/json_document.h"

namespace relatum::task {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr size_t kLongestName = 240;  // bytes of a file's name, before its ending

/// "T12": what brat calls its entities.
bool is_brat_id(std::string_view id) {
  return id.size() > 1 && id[0] == 'T' && id.find_first_not_of("0123456789", 1) == id.npos;
}

/// What entities are called in the file, by their ids: those that brat would give stay.
std::map<std::string, std::string> brat_ids(const std::vector<Entity>& entities) {
  std::map<std::string, std::string> names;
  std::set<std::string> taken;
  for (const Entity& entity : entities) {
    if (is_brat_id(entity.id)) taken.insert(names[entity.id] = entity.id);
  }
  size_t number = 0;
  for (const Entity& entity : entities) {
    std::string& name = names[entity.id];
    while (name.empty()) {
      const std::string next = fmt::format("T{}", ++number);
      if (taken.insert(next).second) name = next;
    }
  }
  return names;
}

std::string entity_line(const Entity& entity, const std::string& name,
                        const std::vector<Piece>& pieces, const CodePoints& text) {
  std::string places, quoted;
  for (const Piece& piece : pieces) {
    places += fmt::format("{}{} {}", places.empty() ? "" : ";", piece.start, piece.end);
    if (!quoted.empty()) quoted += ' ';
    quoted += text.slice(piece.start, piece.end);
  }
  const std::string type = entity.span.type.empty() ? kBratUntyped : brat_word(entity.span.type);
  return fmt::format("{}\t{} {}\t{}\n", name, type, places, quoted);
}

std::string annotation_of(const Document& document) {
  std::string lines;
  const CodePoints text(document.text);
  std::map<std::string, std::string> names = brat_ids(document.entities);
  std::map<std::string, std::string> clusters;
  int64_t notes = 0;
  const auto note = [&](const std::string& target, const ordered_json& value) {
    lines += fmt::format("#{}\t{} {}\t{}", ++notes, kBratNote, target, json_line(value));
  };
  for (const Entity& entity : document.entities) {
    const std::string& name = names[entity.id];
    const std::vector<Piece> whole = pieces_of(entity);
    const std::vector<Piece> pieces = brat_pieces(text, entity);
    lines += entity_line(entity, name, pieces, text);
    ordered_json kept = ordered_json::object();
    if (pieces != whole) kept["pieces"] = pieces_json(whole);
    if (entity.id != name) kept["id"] = entity.id;
    if (entity.span.type.empty()) kept["type"] = "";
    if (!entity.cluster.empty()) {
      kept["cluster"] = entity.cluster;
      clusters[entity.cluster] += " " + name;
    }
    if (entity.probability) kept["probability"] = *entity.probability;
    if (!kept.empty()) note(name, kept);
  }
  int64_t number = 0;
  for (const Relation& relation : document.relations) {
    lines += fmt::format("R{}\t{} Arg1:{} Arg2:{}\t\n", ++number, brat_word(relation.label),
                         names[relation.head], names[relation.tail]);
    if (!relation.evidence.empty()) {
      note(fmt::format("R{}", number), {{"evidence", pieces_json(relation.evidence)}});
    }
  }
  for (const auto& [cluster, members] : clusters) {
    if (members.find(' ', 1) != members.npos) lines += fmt::format("*\tEquiv{}\n", members);
  }
  ordered_json whole = ordered_json::object();
  if (document.unlabelled) whole["unlabelled"] = true;
  if (document.pair) whole["pair"] = true;
  if (!whole.empty()) note("*", whole);
  return lines;
}

void put_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), std::streamsize(text.size()));
  file.close();
  if (file) return;
  fail("task.brat", fmt::format("{} cannot be written. Is there space, and may this folder be "
                                "written?",
                                printable(path.string())));
}

class BratWriter : public DocumentWriter {
 public:
  explicit BratWriter(fs::path folder) : folder_(std::move(folder)) {}

  void add(const Document& document) override {
    const std::string name = brat_file_name(document.id);
    const fs::path stem = folder_ / name;
    if (stem.filename().string().size() > kLongestName) {
      fail("task.brat", fmt::format("The id '{}' is too long for the name of a file. Shorten it.",
                                    printable_start(document.id, 40)));
    }
    std::error_code problem;
    fs::create_directories(stem.parent_path(), problem);
    put_file(stem.string() + ".txt", document.text);
    put_file(stem.string() + ".ann", annotation_of(document));
  }

 private:
  fs::path folder_;
};

}  // namespace

std::string brat_configuration(const std::vector<std::string>& types,
                               const std::vector<std::string>& labels) {
  std::string text = "[entities]\n";
  for (const std::string& type : types) {
    text += (type.empty() ? kBratUntyped : brat_word(type)) + "\n";
  }
  text += "\n[relations]\n";
  for (const std::string& label : labels) {
    text += brat_word(label) + "\tArg1:<ENTITY>, Arg2:<ENTITY>\n";
  }
  return text + "\n[events]\n\n[attributes]\n";
}

std::string brat_remark(const std::vector<std::string>& names) {
  std::string first;
  int64_t count = 0;
  for (const std::string& name : names) {
    const bool plain = std::ranges::all_of(
        name, [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
    if (!plain && ++count == 1) first = name;
  }
  if (!count) return "";
  return fmt::format(
      "{} of other characters than A-Z, a-z, 0-9, '_' and '-', such as '{}': brat "
      "shows them, but writes '_' for those characters in what is annotated anew. "
      "Label Studio takes all names.",
      counted(count, "name"), printable_start(first, 40));
}

std::unique_ptr<DocumentWriter> brat_writer(std::filesystem::path folder) {
  return std::make_unique<BratWriter>(std::move(folder));
}

}  // namespace relatum::task
