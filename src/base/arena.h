// Memory that is handed out in order and given back all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace relatum {

/// A bump allocator over a few large blocks. Pieces are 64-byte aligned and not initialised.
/// After reset() the same demand is served without asking the system again. Not thread-safe.
class Arena {
 public:
  struct Mark {
    size_t block = 0, used = 0, before = 0;
  };

  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes);
  template <class T>
  T* allocate_array(int64_t count) {
    return static_cast<T*>(allocate(size_t(count) * sizeof(T)));
  }
  /// Builds an object whose destructor need not run (it never will).
  template <class T, class... Arguments>
  T& make(Arguments&&... arguments) {
    return *::new (allocate(sizeof(T))) T{std::forward<Arguments>(arguments)...};
  }
  Mark mark() const { return {current_, used_, before_}; }
  /// Gives back everything handed out since the mark.
  void release(Mark mark);
  /// Gives back everything; several blocks become one, so that the next round needs no new one.
  void reset();
  /// Bytes held from the system, and the most that was in use at a time.
  size_t held() const;
  size_t peak() const { return peak_; }

 private:
  struct Block {
    std::byte* data;
    size_t size;
  };
  void add_block(size_t size);
  std::vector<Block> blocks_;
  size_t current_ = 0, used_ = 0, before_ = 0, peak_ = 0;
};

}  // namespace relatum
