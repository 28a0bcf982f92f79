"""What both sides of an order can prove to others, in one file that anybody can check without the market."""
