// Opens each file, turns it into documents, and keeps account of them.
#include "graph/documents/read_documents.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <unordered_map>

#include "base/error.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "graph/documents/document_text.h"
#include "graph/documents/pdf_text.h"
#include "io/text_file.h"

namespace relatum::graph {
namespace {

using namespace std::string_view_literals;

constexpr const char* kPlace = "graph.documents";

std::string hash_of(std::string_view bytes) { return sha256(std::as_bytes(std::span(bytes))); }

/// Of the text; where the row says which entities it has, of them, too: other ones make it another
/// document.
std::string hash_of_row(const DocumentRow& row) {
  if (!row.has_entities) return hash_of(row.text);
  std::string all = row.text;
  for (const Mention& each : row.entities) {
    all += fmt::format("\0{} {} {} {}"sv, each.span.start, each.span.end, each.probability,
                       each.type);
  }
  return hash_of(all + '\0');
}

/// Reads the stream to its end, or throws Error where that lies beyond `most` bytes.
std::string read_all(std::istream& stream, uint64_t most, const std::string& name) {
  std::string all;
  char part[1 << 16];
  while (stream.read(part, sizeof part), stream.gcount() > 0) {
    all.append(part, size_t(stream.gcount()));
    if (all.size() > most) {
      fail(kPlace, fmt::format("{} is larger than {} MB. Cut it into several documents.", name,
                               most >> 20));
    }
  }
  if (stream.bad()) fail(kPlace, fmt::format("cannot read {}: {}.", name, std::strerror(errno)));
  return all;
}

class Reader {
 public:
  Reader(const DocumentOptions& options, const Context& context, const TakeDocument& take)
      : options_(options), context_(context), take_(take) {}

  void read(const DocumentFile& file) {
    const std::string name = name_of(file);
    attempt([&] {
      if (file.is_input) read_input(file, name);
      else read_file(file, name);
    });
    bytes_before_ += file.bytes;
  }
  DocumentCounts counts;

 private:
  /// Does it, and keeps what is bad where that is asked for.
  template <class Work>
  void attempt(const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      const std::string_view sentence = error.what();
      const bool mistake = sentence.starts_with("[internal]");
      if (!options_.skip_bad || mistake || taking_ || context_.stopping()) throw;
      counts.bad.emplace_back(sentence);
    }
  }

  void read_file(const DocumentFile& file, const std::string& name) {
    const DocumentForm form = file.form.value();
    if (form == DocumentForm::kTable) return read_table(file, name);
    std::ifstream stream(file.path, std::ios::binary);
    if (!stream) {
      fail(kPlace, fmt::format("cannot open {}: {}. Check the file and its permissions.", name,
                               std::strerror(errno)));
    }
    if (form == DocumentForm::kJsonLines) return read_rows(file, name, stream);
    const std::string bytes = read_all(stream, options_.most_bytes, name);
    read_whole(file, form, name, bytes);
  }

  void read_input(const DocumentFile& file, const std::string& name) {
    if (!options_.input) {
      fail(kPlace, "'-' was given, but there is no standard input to read. Name a file.");
    }
    const auto form = file.form.value_or(options_.input->peek() == '{' ? DocumentForm::kJsonLines
                                                                       : DocumentForm::kText);
    if (form == DocumentForm::kPdf) {
      fail(kPlace, "PDF is not read from standard input. Save it as a file and name that.");
    }
    if (form == DocumentForm::kJsonLines) return read_rows(file, name, *options_.input);
    const std::string bytes = read_all(*options_.input, options_.most_bytes, name);
    if (form == DocumentForm::kTable) return read_records(file, name, bytes);
    read_whole(file, form, name, bytes);
  }

  void read_whole(const DocumentFile& file, DocumentForm form, const std::string& name,
                  const std::string& bytes) {
    const Place place{&file, 0};
    SourceDocument document{file.id, source_of(place), form, "", hash_of(bytes)};
    if (!is_new(document, place)) return;
    if (form == DocumentForm::kPdf) {
      const ProgramLimits limits{options_.pdf_seconds, size_t(options_.most_bytes), context_.stop};
      const std::string text = pdf_text(file.path, options_.pdftotext, limits);
      document.text = io::plain_text(text, fmt::format("what pdftotext says of {}", name));
      std::erase(document.text, '\0');
    } else {
      document.text = document_text(bytes, form, name);
    }
    hand_on(std::move(document), bytes_before_ + file.bytes);
  }

  void read_table(const DocumentFile& file, const std::string& name) {
    const auto mapped = MappedFile::open(file.path);
    const auto bytes = mapped->bytes();
    read_records(file, name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  void read_records(const DocumentFile& file, const std::string& name, std::string_view bytes) {
    RowTaker rows = taker(file, name, DocumentForm::kTable);
    read_table_documents(bytes, name, options_.fields, rows);
    note(rows, name);
  }

  void read_rows(const DocumentFile& file, const std::string& name, std::istream& stream) {
    RowTaker rows = taker(file, name, DocumentForm::kJsonLines);
    read_json_documents(stream, name, options_.fields, rows);
    note(rows, name);
  }

  void note(const RowTaker& rows, const std::string& name) {
    if (rows.unread.empty()) return;
    std::string names;
    for (const std::string& each : rows.unread) {
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", each);
    }
    counts.notes.push_back(
        fmt::format("{}: fields that are not read: {}.", name, printable_start(names, 200)));
  }

  RowTaker taker(const DocumentFile& file, const std::string& name, DocumentForm form) {
    RowTaker rows;
    rows.take = [this, &file, form](DocumentRow&& row) {
      attempt([&] { take_row({&file, row.line}, form, std::move(row)); });
      return !context_.stopping();
    };
    rows.bad = [this, name](int64_t line, const std::string& sentence) {
      attempt([&] {
        fail(kPlace, fmt::format("{}:{}: {}. Mend or remove the row.", name, line, sentence));
      });
    };
    return rows;
  }

  /// Where a document stands: instead of a name for each, as there may be millions.
  struct Place {
    const DocumentFile* file;
    int64_t line;  // of a row; 0: it is the whole file
  };

  void take_row(const Place& place, DocumentForm form, DocumentRow row) {
    for (const auto& [what, value] : {std::pair("id", &row.id), std::pair("text", &row.text)}) {
      if (value->find('\0') == value->npos) continue;
      fail(kPlace,
           fmt::format("{}: the {} has the character U+0000. Remove it.", shown(place), what));
    }
    if (row.text.size() > options_.most_bytes) {
      fail(kPlace, fmt::format("{}: the text is larger than {} MB. Cut it into several documents.",
                               shown(place), options_.most_bytes >> 20));
    }
    if (row.id.empty()) row.id = fmt::format("{}:{}", place.file->id, place.line);
    SourceDocument document{std::move(row.id), source_of(place), form, "", hash_of_row(row)};
    document.text = std::move(row.text);
    document.entities = std::move(row.entities);
    if (is_new(document, place)) hand_on(std::move(document), bytes_before_ + row.read);
  }

  static std::string with_line(const std::string& name, const Place& place) {
    return place.line == 0 ? name : fmt::format("{}:{}", name, place.line);
  }
  static std::string source_of(const Place& place) {
    const DocumentFile& file = *place.file;
    return with_line(file.is_input ? "stdin" : printable(file.path.string()), place);
  }
  /// The same in a sentence.
  static std::string shown(const Place& place) { return with_line(name_of(*place.file), place); }
  static std::string name_of(const DocumentFile& file) {
    return file.is_input ? "standard input" : printable(file.path.string());
  }

  /// False where it is not wanted; throws where its id was there.
  bool is_new(const SourceDocument& document, const Place& place) {
    const auto [first, added] = ids_.try_emplace(document.id, place);
    if (!added) {
      fail(kPlace,
           fmt::format("{}: the document's id '{}' is that of {}, too. Give each document an id of "
                       "its own, or name the folder above files of one name.",
                       shown(place), printable_start(document.id, 80), source_of(first->second)));
    }
    if (!options_.wanted || options_.wanted(document.id, document.sha256)) return true;
    ++counts.unwanted;
    return false;
  }

  void hand_on(SourceDocument&& document, uint64_t bytes_read) {
    ++counts.documents;
    counts.empty += document.text.find_first_not_of(" \t\n") == document.text.npos;
    taking_ = true;  // what fails now is not the document's fault
    take_(std::move(document), bytes_read);
    taking_ = false;
  }

  const DocumentOptions& options_;
  const Context& context_;
  const TakeDocument& take_;
  std::unordered_map<std::string, Place> ids_;  // and where each was first
  uint64_t bytes_before_ = 0;
  bool taking_ = false;
};

}  // namespace

DocumentCounts read_documents(const DocumentFiles& files, const DocumentOptions& options,
                              const Context& context, const TakeDocument& take) {
  Reader reader(options, context, take);
  for (const DocumentFile& file : files.files) {
    if (context.stopping()) break;
    reader.read(file);
  }
  return std::move(reader.counts);
}

}  // namespace relatum::graph
