// Candidates where Relatum was built without FAISS.
#include "retrieve/flat/flat.h"

namespace relatum::retrieve {

std::unique_ptr<Flat> make_flat(int64_t dimension) { return make_plain_flat(dimension); }

}  // namespace relatum::retrieve
