// Fills a folder with a graph of made-up documents in every form; tools/check_graph.py reads them.
//
//   graph_sample FOLDER [DOCUMENTS [SENTENCES]]
//
// Documents that FOLDER/store.sqlite holds are not put again, so that a run that was killed goes
// on.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "graph/format.h"
#include "io/jsonl.h"
#include "support/sample_graph.h"

namespace {

using namespace relatum;

void fill(const std::filesystem::path& folder, int documents, int sentences) {
  graph::GraphStore store(folder / "store.sqlite");
  int put = 0;
  for (int i = 0; i < documents; ++i) {
    const graph::DocumentResult result = testing::sample_document(i, sentences);
    if (store.holds(result.id, result.sha256, result.adapter, result.settings)) continue;
    store.put(result);
    ++put;
  }
  const graph::GraphSummary summary = store.finish(testing::sample_rules());
  for (const graph::GraphFormat* format : graph::graph_formats()) {
    const std::string name = "graph" + std::string(format->ending);
    export_graph(store, *format,
                 {"http://example.org/graph/", "<b>notes</b> & \"more\"", "run {{1}}"},
                 folder / name);
  }
  write_file(folder / "schema.toml", testing::sample_schema());
  std::string dump;
  store.dump([&](const std::string& line) { dump += line + '\n'; });
  write_file(folder / "store.txt", dump);
  io::JsonlWriter texts(folder / "documents.jsonl");
  for (int i = 0; i < documents; ++i) {
    const graph::DocumentResult result = testing::sample_document(i, sentences);
    texts.write({{"id", result.id}, {"text", result.text}});
  }
  texts.commit();
  std::cout << put << " documents put, " << summary.entities << " entities, " << summary.edges
            << " edges, " << summary.unproven << " unproven\n";
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::cerr << "graph_sample FOLDER [DOCUMENTS [SENTENCES]]\n";
    return 2;
  }
  try {
    fill(arguments[1], count > 2 ? std::atoi(arguments[2]) : 30,
         count > 3 ? std::atoi(arguments[3]) : 6);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
