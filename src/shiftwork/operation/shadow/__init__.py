"""What an agent in shadow or advisory would have done, what that is believed to earn, how sure."""
