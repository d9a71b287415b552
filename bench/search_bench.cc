// Times the exact search of an index over vectors that another program wrote, and names the
// nearest rows: search_bench VECTORS.faiss QUERIES.npy THREADS
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>

#include "base/parallel_for.h"
#include "io/npy.h"
#include "retrieve/index.h"

namespace relatum {
namespace {

void run(const char* vectors, const char* queries_file, int threads) {
  set_thread_count(threads);
  const auto index = retrieve::Index::load(vectors);
  const Matrix<float> queries = io::read_npy(queries_file);
  index.search(queries.view().rows_from(0, std::min<int64_t>(16, queries.rows())), 1);
  const auto start = std::chrono::steady_clock::now();
  const auto found = index.search(queries.view(), 1);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  std::vector<int64_t> rows;
  for (const auto& neighbours : found) rows.push_back(neighbours.at(0).row);
  fmt::print("{}\n", nlohmann::json{{"queries_per_s", double(rows.size()) / time.count()},
                                    {"seconds", time.count()},
                                    {"rows", rows},
                                    {"threads", threads}}
                         .dump());
}

}  // namespace
}  // namespace relatum

int main(int count, char** words) {
  if (count != 4) {
    fmt::print(stderr, "search_bench VECTORS.faiss QUERIES.npy THREADS\n");
    return 2;
  }
  try {
    relatum::run(words[1], words[2], std::max(1, std::atoi(words[3])));
  } catch (const std::exception& error) {
    fmt::print(stderr, "search_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
